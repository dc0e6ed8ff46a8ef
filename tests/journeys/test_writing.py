"""Posts as people write them: with pictures, over days, to be read later, passed on, corrected, without a script."""

import base64
import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, Route, expect

from accounts.actions import follow_user
from accounts.models import User
from feeds.actions import edit_post, pin_post, publish_post, save_draft, share_post, upload_picture
from feeds.demo.pictures import draw
from feeds.models import ClockTimestamp, Draft, Media, Post
from groups.actions import change_group, create_group
from interactions.actions import bookmark_post
from tests.journeys.windows import (
    JOURNEY,
    SMALL,
    WIDE,
    look_around,
    look_at,
    person,
    shot,
    sign_in,
    sign_up,
    tab,
    window,
)
from tests.stack import Stack

pytestmark = JOURNEY
READY = "[data-composer][data-ready]"  # its scripts have begun
ALT = "A lamp at a still lake, deep in a cave."


# --- pictures, shares, warnings, edits ----------------------------------------------------------------------


def test_what_ada_writes_is_seen_passed_on_and_corrected(stack, browser):
    ada_herself, ben_himself = person("ada", "Ada Ferreira"), person("ben", "Ben Okafor")
    cleo_herself = person("cleo", "Cleo Marchetti")
    follow(ben_himself, ada_herself)
    follow(cleo_herself, ben_himself)
    ada, ben = signed_in(browser, stack, "ada"), signed_in(browser, stack, "ben")
    cleo = signed_in(browser, stack, "cleo", viewport=SMALL)

    publish_with_pictures(ada)
    read_with_pictures(ben)
    pass_on(ben, cleo)
    share_what_another_shared(ben, cleo)
    open_a_warning(ada, ben)
    correct(ada, ben)
    keep(ben)
    assert ada.troubles == ben.troubles == cleo.troubles == []


def publish_with_pictures(ada: Page) -> None:
    """One chosen, one dropped, one pasted; one of them described before it goes out, and a reminder of the others."""
    ada.route("**/api/v1/media", slowly)
    ada.locator("#id_content").fill("Eleven hours in, and then *this*. #caves")
    with ada.expect_file_chooser() as chooser:
        ada.locator(".tools [data-add-pictures]").click()
    chooser.value.set_files(picture_file("lake"))
    first = ada.locator("[data-upload]").first
    expect(first.locator("progress")).to_be_visible()
    expect(first).to_have_attribute("data-state", "done")
    ada.unroute("**/api/v1/media")

    bring(ada, "drop", "boat", "image/gif")
    expect(ada.locator("[data-upload][data-state=done]")).to_have_count(2)
    bring(ada, "paste", "map", "image/png")
    expect(ada.locator("[data-upload][data-state=done]")).to_have_count(3)

    ada.locator("[data-publish]").click()
    expect(ada.locator("[data-reminder]")).to_contain_text("3 pictures have no description")
    ada.locator("[data-reminder-yes]").click()
    ada.get_by_label("What is to be seen").fill(ALT)
    ada.get_by_role("button", name="Done").click()
    expect(first.locator("[data-describe]")).to_have_attribute("aria-pressed", "true")
    shot_at_both(ada, "composer-with-pictures")
    ada.locator("[data-publish]").click()
    expect(ada.locator("[data-reminder]")).to_contain_text("2 pictures have no description")
    ada.locator("[data-publish]").click()
    expect(ada.locator("article.post")).to_contain_text("Eleven hours in")
    expect(ada.locator("#id_content")).to_have_value("")
    expect(ada.locator("[data-upload]")).to_have_count(0)


def slowly(route: Route) -> None:
    """As over a long line, so that there is progress to be seen."""
    route.request.frame.page.wait_for_timeout(300)
    route.continue_()


def read_with_pictures(ben: Page) -> None:
    ben.locator(".pill").click()
    post = ben.locator("article.post").first
    expect(post.locator(".picture img")).to_have_count(3)
    expect(post.get_by_alt_text(ALT)).to_be_visible()
    assert all(width > 0 for width in widths_of(post.locator(".picture img")))
    moving = Media.objects.get(is_animated=True)
    assert ben.request.get(f"/media/{moving.pk}/large.webp").body().count(b"ANMF") == 16
    shot_at_both(ben, "home-with-pictures")


def pass_on(ben: Page, cleo: Page) -> None:
    post = ben.locator("article.post").first
    post.locator("summary", has_text="Share").click()
    post.get_by_role("button", name="Share", exact=True).click()
    expect(post.locator("[data-share] [data-count]")).to_have_attribute("data-count", "1")
    cleo.locator(".pill").click()
    shared = cleo.locator("article.post").first
    expect(shared.locator(".reason")).to_contain_text("Ben Okafor shared")
    expect(shared).to_contain_text("Ada Ferreira")
    shot(cleo, "shared-390")

    post.locator("summary", has_text="Share").click()
    with ben.expect_response("**/share"):
        post.get_by_role("button", name="Undo share").click()
    expect(post.locator("[data-share] [data-count]")).to_have_attribute("data-count", "0")
    expect(cleo.locator("article.post")).to_have_count(0)
    cleo.reload()
    expect(cleo.locator("article.post")).to_have_count(0)


def share_what_another_shared(ben: Page, cleo: Page) -> None:
    """Who led there is kept; one's own share is no news; taking it back leaves what the other shared in its place."""
    shared_by(ben)
    cleo.locator(".pill").click()
    shown = cleo.locator("article.post")
    expect(shown.locator(".reason")).to_contain_text("Ben Okafor shared")
    shared_by(cleo)
    cleo.wait_for_timeout(1500)  # by then its news is here
    expect(cleo.locator(".pill")).to_have_count(0)
    cleo.reload()
    expect(shown.locator(".reason")).to_contain_text("You and Ben Okafor shared")
    expect(shown.locator(".reason")).to_contain_text("via @ben")
    shown.locator("summary", has_text="Share").click()
    shown.get_by_role("button", name="Undo share").click()
    expect(shown.locator(".reason")).to_have_text(re.compile(r"^\s*Ben Okafor shared\s*$"))
    expect(shown).to_have_count(1)


def shared_by(reader: Page) -> None:
    post = reader.locator("article.post").first
    post.locator("summary", has_text="Share").click()
    with reader.expect_response("**/share"):
        post.get_by_role("button", name="Share", exact=True).click()


def open_a_warning(ada: Page, ben: Page) -> None:
    ben.goto("/")
    ada.locator("#id_content").fill("It was her sister the whole time.")
    ada.locator("[data-toggle=warning]").click()
    ada.locator("#id_content_warning").fill("How it ends")
    ada.locator("[data-publish]").click()
    expect(ada.locator("article.post")).to_have_count(2)
    ben.locator(".pill").click()
    post = ben.locator("article.post").first
    expect(post).to_contain_text("How it ends")
    expect(post.get_by_text("her sister")).to_be_hidden()
    shot(ben, "warning-1280")
    post.locator("summary", has_text="How it ends").click()
    expect(post.get_by_text("her sister")).to_be_visible()


def correct(ada: Page, ben: Page) -> None:
    post = ada.locator("article.post", has_text="Eleven hours in")
    post.locator("summary", has_text="More for your post").click()
    post.get_by_role("link", name="Edit").click()
    ada.locator("#id_content").fill("Twelve hours in, and then *this*. #caves")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Post")
    ben.goto("/")
    ben.locator("article.post", has_text="Twelve hours in").get_by_role("link", name="edited").click()
    expect(ben.get_by_role("heading", level=1)).to_have_text("History of this post")
    newest = ben.locator(".version").first
    expect(newest.locator("ins")).to_contain_text("Twelve")
    expect(newest.locator("del")).to_contain_text("Eleven")
    shot_at_both(ben, "history")


def keep(ben: Page) -> None:
    ben.goto("/tags/caves")
    bookmark = ben.get_by_role("button", name="Bookmark")
    with ben.expect_response("**/bookmark"):
        bookmark.click()
    expect(bookmark).to_have_attribute("aria-pressed", "true")
    ben.get_by_role("link", name="Bookmarks").first.click()
    expect(ben.locator("article.post")).to_contain_text("Twelve hours in")


# --- nothing is lost, and posts that wait -------------------------------------------------------------------


def test_nothing_that_was_typed_is_lost_and_posts_come_at_their_time(stack, browser):
    ada_herself, ben_himself = person("ada", "Ada Ferreira"), person("ben", "Ben Okafor")
    follow(ben_himself, ada_herself)
    ada = signed_in(browser, stack, "ada")
    go_on_in_a_new_tab(ada)
    go_on_without_a_network(ada)
    go_on_on_another_device(ada, browser, stack)
    write_to_a_group(ada_herself, browser, stack)
    wait_for_its_time(browser, stack)


def go_on_in_a_new_tab(ada: Page) -> None:
    """The tab ends before anything could be saved elsewhere."""
    context = ada.context
    ada.locator("#id_content").fill("Half a thou")
    ada.close()
    again = tab(context)
    at_home(again)
    expect(again.locator("#id_content")).to_have_value("Half a thou")
    expect(again.locator("[data-recover-text]")).to_contain_text("is back")
    again.get_by_role("button", name="Keep it").click()
    again.locator("#id_content").press("End")
    again.locator("#id_content").press_sequentially("ght")
    expect(again.locator("[data-status]")).to_have_text("Saved in Drafts")
    assert again.troubles == []
    again.close()


def go_on_without_a_network(ada: Page) -> None:
    """Taken back among the drafts as soon as there is one."""
    page = tab(ada.context)
    at_home(page)
    expect(page.locator("#id_content")).to_have_value("Half a thought")
    ada.context.set_offline(True)
    page.locator("#id_content").fill("Half a thought in a tunnel")
    expect(page.locator("[data-status]")).to_have_text("Not saved: no connection. Kept in this browser.")
    page.close()
    ada.context.set_offline(False)
    back = tab(ada.context)
    at_home(back)
    expect(back.locator("#id_content")).to_have_value("Half a thought in a tunnel")
    expect(back.locator("[data-status]")).to_have_text("Saved in Drafts")
    assert back.troubles == []
    assert [draft.content for draft in Draft.objects.all()] == ["Half a thought in a tunnel"]
    ada.context.close()


def go_on_on_another_device(ada: Page, browser: Browser, stack: Stack) -> None:
    phone = signed_in(browser, stack, "ada", viewport=SMALL)
    phone.locator("#id_content").click()
    expect(phone.locator("[data-recover-text]")).to_contain_text("Continue your draft")
    shot(phone, "draft-offered-390")
    phone.get_by_role("button", name="Continue").click()
    expect(phone.locator("#id_content")).to_have_value("Half a thought in a tunnel")
    phone.locator("[data-publish]").click()
    expect(phone.locator("article.post")).to_contain_text("Half a thought in a tunnel")
    assert not Draft.objects.exists()
    assert phone.troubles == []


def write_to_a_group(ada_herself: User, browser: Browser, stack: Stack) -> None:
    """Chosen at home, kept over a reload, never shown to more people; then from the group's page, with a picture."""
    create_group(owner=ada_herself, slug="caves", name="People of the caves")
    ada = signed_in(browser, stack, "ada")
    at_home(ada)
    ada.locator("#id_content").click()
    expect(ada.locator("#id_visibility optgroup option")).to_have_text(["People of the caves"])
    ada.locator("#id_visibility").select_option("group:caves")
    ada.locator("#id_content").fill("Bring a lamp each")
    expect(ada.locator("[data-status]")).to_have_text("Saved in Drafts")
    assert [draft.group.slug for draft in Draft.objects.select_related("group")] == ["caves"]
    at_home(ada)
    expect(ada.locator("#id_visibility")).to_have_value("group:caves")
    expect(ada.locator("#id_visibility option:checked")).to_have_text("People of the caves")
    shot_at_both(ada, "composer-group")
    ada.locator("[data-publish]").click()
    expect(ada.locator("article.post").first).to_contain_text("Bring a lamp each")
    expect(ada.locator("#id_visibility")).to_have_value("public")

    ada.goto("/g/caves")
    expect(ada.locator(READY)).to_have_count(1)
    expect(ada.locator("#id_content")).to_have_value("")
    ada.locator("#id_content").fill("What it looks like")
    with ada.expect_file_chooser() as chooser:
        ada.locator(".tools [data-add-pictures]").click()
    chooser.value.set_files(picture_file("lake"))
    expect(ada.locator("[data-upload][data-state=done]")).to_have_count(1)
    shot_at_both(ada, "group-writing")
    ada.locator("[data-publish]").click()
    expect(ada.locator("[data-reminder]")).to_be_visible()
    ada.locator("[data-publish]").click()
    expect(ada.locator("article.post").first).to_contain_text("What it looks like")
    assert ada.url.endswith("/g/caves")
    assert not Draft.objects.exists()
    assert set(Post.objects.filter(group__slug="caves").values_list("with_media", flat=True)) == {False, True}
    assert ada.troubles == []
    ada.context.close()


def wait_for_its_time(browser: Browser, stack: Stack) -> None:
    ada, ben = signed_in(browser, stack, "ada"), signed_in(browser, stack, "ben")
    ada.goto("/posts")
    ada.locator("#id_content").fill("Tea at four, in the yellow room")
    ada.locator("[data-toggle=schedule]").click()
    tomorrow = ada.evaluate("new Date(Date.now() + 864e5).toISOString().slice(0, 16)")
    ada.locator("#id_scheduled_for").fill(tomorrow)
    shot_at_both(ada, "composer-schedule")
    ada.get_by_role("button", name="Schedule", exact=True).click()
    expect(ada.get_by_role("heading", name="Scheduled", exact=True)).to_be_visible()
    expect(ada.locator("main article")).to_contain_text("Tea at four")
    shot_at_both(ada, "drafts")

    stack.start("beat")
    Draft.objects.update(scheduled_for=ClockTimestamp() + timedelta(seconds=2))
    expect(ben.locator(".pill")).to_have_attribute("data-count", "1", timeout=30_000)
    ben.locator(".pill").click()
    expect(ben.locator("article.post").first).to_contain_text("Tea at four")
    ben.wait_for_timeout(6000)  # the job runs again
    assert Post.objects.filter(content__startswith="Tea at four").count() == 1
    ada.reload()
    expect(ada.get_by_text("No drafts")).to_be_visible()
    assert ada.troubles == ben.troubles == []


# --- axe ----------------------------------------------------------------------------------------------------


def test_axe_finds_nothing_where_posts_are_written_and_kept(stack, browser):
    pages = plant_posts(person("ada", "Ada Ferreira"))
    page = signed_in(browser, stack, "ada")
    assert look_at(page, pages) == {}
    look_at_open_composer(page)


def plant_posts(ada: User) -> dict[str, str]:
    """Posts with all there is, and the pages that show them."""
    pictures = [
        upload_picture(owner=ada, upload=draw(name), alt=alt) for name, alt in (("lake", ALT), ("door", ""))
    ]
    post = publish_post(
        author=ada,
        content="**Look**, #caves:\n\n- a lake\n- a `lamp`\n\n> so still",
        language="en",
        media_ids=[picture.pk for picture in pictures],
    )
    edit_post(post=post, actor=ada, content="**Look**, #caves and #lakes:\n\n- a lake\n- two lamps")
    pin_post(post=post, actor=ada)
    bookmark_post(post_id=post.pk, person=ada)
    publish_post(author=ada, content="It was her sister.", content_warning="How it ends")
    publish_post(author=ada, content="Yes. مرحبا", quoted=post)
    share_post(post=publish_post(author=ada, content="Bring a chair. #caves"), person=ada)
    group = create_group(owner=ada, slug="caves", name="People of the caves", tags=["lamps"])
    change_group(group=group, actor=ada, cover=draw("lake"), cover_alt=ALT)
    save_draft(author=ada, content="For the others", group=group)
    save_draft(author=ada, content="Half a thought", content_warning="Unfinished")
    save_draft(author=ada, content="Tea at four", scheduled_for=timezone.now() + timedelta(days=1))
    return {
        "home-writing": "/",
        "drafts-writing": "/drafts",
        "bookmarks": "/bookmarks",
        "tag": "/tags/caves",
        "history": f"{post.get_absolute_url()}/history",
        "edit": f"{post.get_absolute_url()}/edit",
        "post-writing": post.get_absolute_url(),
        "profile-writing": "/@ada",
        "media-tab": "/@ada/media",
        "quote": f"/posts?quote={post.pk}",
        "group-writing": "/g/caves",
        "group-about": "/g/caves/about",
        "group-settings": "/g/caves/settings",
        "groups-mine": "/groups",
        "groups-discover": "/groups/discover",
    }


def look_at_open_composer(page: Page) -> None:
    page.goto("/posts")
    page.locator("#id_content").fill("A lake, a lamp")
    page.locator("[data-toggle=warning]").click()
    page.locator("[data-toggle=schedule]").click()
    bring(page, "drop", "lake", "image/png")
    expect(page.locator("[data-upload][data-state=done]")).to_have_count(1)
    page.locator("[data-publish]").click()
    expect(page.locator("[data-sorry-place]")).to_have_text("Say when it shall be published.")
    assert look_around(page, "composer-open") == {}
    page.locator("[data-describe]").click()
    expect(page.get_by_label("What is to be seen")).to_be_focused()
    assert look_around(page, "describe") == {}


# --- without JavaScript -------------------------------------------------------------------------------------


def test_all_of_it_works_without_javascript(stack, browser):
    ada = window(browser, stack, java_script_enabled=False)
    sign_up(ada, "ada", "Ada Ferreira")
    publish_plainly(ada)
    share_plainly(ada)
    draft_plainly(ada)
    group_plainly(ada)


def publish_plainly(ada: Page) -> None:
    ada.goto("/posts")
    ada.locator("#id_content").fill("No script was run for this.")
    ada.locator("#id_pictures").set_input_files(picture_file("lake"))
    ada.get_by_role("button", name="Take these pictures in").click()
    expect(ada.locator("#id_content")).to_have_value("No script was run for this.")
    expect(ada.locator("[data-upload] img")).to_be_visible()
    ada.get_by_label("Description, for people who do not see it").fill(ALT)
    ada.locator("summary", has_text="Content warning").click()
    ada.locator("#id_content_warning").fill("A dark place")
    shot(ada, "composer-plain-1280")
    ada.get_by_role("button", name="Post", exact=True).last.click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Home")
    post = ada.locator("article.post")
    expect(post).to_contain_text("No script was run")
    post.locator("summary", has_text="A dark place").click()
    expect(post.get_by_alt_text(ALT)).to_be_visible()


def share_plainly(ada: Page) -> None:
    press(ada.locator("article.post").first, "Share", "Share")
    expect(ada.locator("article.post").first.locator(".reason")).to_contain_text("You shared")
    press(ada.locator("article.post").first, "Share", "Undo share")
    expect(ada.locator("article.post .reason")).to_have_count(0)


def press(post: Locator, menu: str, button: str) -> None:
    post.locator(".acts summary", has_text=menu).click()
    post.get_by_role("button", name=button, exact=True).click()


def draft_plainly(ada: Page) -> None:
    ada.goto("/posts")
    ada.locator("#id_content").fill("Half a thought")
    ada.get_by_role("button", name="Save as draft").click()
    expect(ada.get_by_text("Your draft is saved.")).to_be_visible()
    ada.locator("main article").get_by_role("link", name="Edit").click()
    ada.locator("#id_content").fill("A whole thought")
    ada.locator("summary", has_text="Publish later").click()
    ada.locator("#id_scheduled_for").fill((timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    ada.get_by_role("button", name="Schedule", exact=True).click()
    expect(ada.get_by_text("Your post waits for its time.")).to_be_visible()
    ada.locator("main article").get_by_role("button", name="Publish now").click()
    ada.goto("/")
    expect(ada.locator("article.post").first).to_contain_text("A whole thought")


def group_plainly(ada: Page) -> None:
    create_group(owner=User.objects.get(username="ada"), slug="caves", name="People of the caves")
    ada.goto("/")
    ada.get_by_role("link", name="Write to a group").click()
    ada.locator("#id_content").fill("To the others")
    ada.locator("#id_visibility").select_option(label="People of the caves")
    ada.get_by_role("button", name="Post", exact=True).last.click()
    ada.goto("/g/caves/settings")
    ada.get_by_label("Cover", exact=False).first.set_input_files(picture_file("lake"))
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_text("The group is changed.")).to_be_visible()
    ada.goto("/g/caves")
    expect(ada.locator("article.post")).to_contain_text("To the others")
    expect(ada.locator(".group-cover img")).to_be_visible()


# --- steps --------------------------------------------------------------------------------------------------


def follow(follower: User, followee: User) -> None:
    follow_user(follower=follower, followee=followee)


def signed_in(browser: Browser, stack: Stack, username: str, **options: object) -> Page:
    """Somebody's window, at home."""
    page = window(browser, stack, **{"viewport": WIDE, **options})
    sign_in(page, username)
    expect(page.locator(READY)).to_be_visible()
    return page


def at_home(page: Page) -> None:
    page.goto("/")
    expect(page.locator(READY)).to_be_visible()


def picture_file(name: str) -> dict[str, object]:
    return {"name": f"{name}.png", "mimeType": "image/png", "buffer": draw(name).getvalue()}


def bring(page: Page, how: str, name: str, kind: str) -> None:
    """Drop or paste a picture where one writes."""
    data = base64.b64encode(draw(name).getvalue()).decode()
    page.locator("#id_content").evaluate(
        """(field, {how, name, kind, data}) => {
            const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
            const brought = new DataTransfer();
            brought.items.add(new File([bytes], name, {type: kind}));
            const options = {bubbles: true, cancelable: true, dataTransfer: brought, clipboardData: brought};
            if (how === "drop") field.dispatchEvent(new DragEvent("dragover", options));
            field.dispatchEvent(how === "drop" ? new DragEvent("drop", options) : new ClipboardEvent("paste", options));
        }""",
        {"how": how, "name": name, "kind": kind, "data": data},
    )


def widths_of(images: Locator) -> list[int]:
    """What arrived, once it has."""
    images.page.wait_for_function(
        "() => [...document.querySelectorAll('.picture img')].every((each) => each.complete)"
    )
    widths: list[int] = images.evaluate_all("(all) => all.map((each) => each.naturalWidth)")
    return widths


def shot_at_both(page: Page, name: str) -> None:
    """A picture of the page at the width of a desk, and at that of a hand."""
    shot(page, f"{name}-1280")
    page.set_viewport_size(SMALL)
    shot(page, f"{name}-390")
    page.set_viewport_size(WIDE)
