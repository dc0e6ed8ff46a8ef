"""What people see while something below them is broken, and that everything they were told is kept is kept.

Real engines and processes; people come with a browser and know nothing but pages.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from redis import Redis

from socialnet.outbox.handlers import QUEUES
from tests.drills.town import A_LETTER_IN_HAND, READERS, Site, Visitor, settled
from tests.stack import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("people see"), pytest.mark.timeout(480)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with settled(tmp_path_factory.mktemp("town")) as site:
        yield site


@pytest.fixture
def site(town: Site) -> Iterator[Site]:
    """At rest and unharmed, before and after."""
    town.until(lambda: home_is_well(town), seconds=A_LETTER_IN_HAND, what="a site at rest")
    yield town
    if town.faults:
        town.faults = {}
        restart(town, "relay", "worker")


@pytest.fixture
def ada(site: Site) -> Visitor:
    return Visitor(site, "ada").sign_in()


@pytest.fixture
def ben(site: Site) -> Visitor:
    return Visitor(site, "ben").sign_in()


def home_is_well(site: Site) -> bool:
    site.revive("worker")
    reader = Visitor(site, "reader_0").sign_in()
    return reader.home().tier == "1" and not reader.get("/").banner and site.is_quiet()


def restart(site: Site, *names: str) -> None:
    for name in names:
        site.kill(name)
        site.start(name)


def all_is_there(writer: Visitor, *readers: Visitor) -> bool:
    """Everything that was accepted, once, the newest first."""
    newest_first = writer.written[::-1]
    return all(reader.home().posts[: len(newest_first)] == newest_first for reader in (writer, *readers))


def in_the_end(site: Site, writer: Visitor, *readers: Visitor) -> None:
    site.revive("worker")
    wait_for(lambda: all_is_there(writer, *readers), seconds=60, what="everything that was accepted")
    for person in (writer, *readers):
        person.nobody_saw_a_stack_trace()
    site.everything_holds()


def reached(site: Site, text: str) -> int:
    """How many readers have the post stored."""
    ((many,),) = site.sql(
        "SELECT count(*) FROM feeds_feedentry e JOIN feeds_post p ON p.id = e.post_id"
        f" WHERE p.content = '{text}' AND e.user_id <> p.author_id"
    )
    return int(str(many))


# --- Redis -------------------------------------------------------------------------------------------------


def test_redis_frozen_people_read_and_write_and_are_told_that_it_is_slower(site, ada, ben):
    before = ben.home().posts
    os.kill(site.redis.pid, signal.SIGSTOP)
    try:
        for number in range(4):
            assert ada.write(f"Frozen {number}").status == 302
            assert ada.home().posts[: number + 1] == ada.written[::-1]
            assert ben.home().posts == before
        page = ben.get("/")
        assert (page.status, page.tier) == (200, "2")
        assert page.banner == "Things are slower than usual. New posts may take longer to appear."
        assert max(seen.seconds for seen in ada.seen + ben.seen) < 5
    finally:
        os.kill(site.redis.pid, signal.SIGCONT)
    wait_for(lambda: ben.home().tier == "1" and not ben.get("/").banner, seconds=30, what="speed")
    in_the_end(site, ada, ben)


def test_redis_killed_and_emptied_people_stay_signed_in_and_homes_read_the_same(site, ada, ben):
    ada.write("Before the loss")
    wait_for(lambda: all_is_there(ada, ben), seconds=20, what="the first post")
    before = ben.home().posts
    os.kill(site.redis.pid, signal.SIGKILL)
    site.redis.stop()
    try:
        assert ben.home().posts == before
        assert (ada.write("During the loss").status, ben.home().tier) == (302, "2")
    finally:
        site.redis.start()  # it kept nothing
        site.revive("worker")
    assert "ben" in ben.get("/settings/profile").text
    wait_for(
        lambda: (
            site.revive("worker") or (ben.home().tier == "1" and ben.home().posts[0] == "During the loss")
        ),
        seconds=60,
        what="a warm home with what was written meanwhile",
    )
    assert ben.home().posts[1:] == before[:19]
    in_the_end(site, ada, ben)


# --- PostgreSQL --------------------------------------------------------------------------------------------


def test_postgresql_stopped_home_is_there_to_read_and_writing_comes_back_by_itself(site, ada, ben):
    ada.write("While all was well")
    wait_for(lambda: all_is_there(ada, ben), seconds=20, what="the first post")
    before = ben.home().posts
    site.database.stop()
    try:
        page = ben.get("/")
        assert (page.status, page.tier) == (200, "1")
        assert "Writing is paused." in page.banner and "While all was well" in page.text
        assert ben.home().posts == before
        refused = ada.write("Not now", key="one")
        assert refused.status == 503 and int(refused.headers["retry-after"]) > 0
        assert "Not now" in refused.text
        assert ada.get("/health/ready").status == 503 and ada.get("/health/live").status == 200
    finally:
        site.database.start()
    wait_for(lambda: ada.write("Not now", key="one").status == 302, seconds=15, what="writing")
    ada.write("Not now", key="one")  # sent once more, as by somebody who did not see the answer
    ada.written = ["While all was well", "Not now"]
    wait_for(lambda: not ben.get("/").banner, seconds=30, what="a page without a banner")
    in_the_end(site, ada, ben)
    assert ada.home().posts.count("Not now") == 1


def test_a_stored_timeline_out_of_reach_leaves_the_closest_people_and_is_whole_again_by_itself(
    site, ada, ben
):
    """Somebody holds the table of stored timelines, as a careless migration would; the home of ben is cold."""
    import psycopg2

    before = ben.home().posts
    wait_for(site.is_quiet, seconds=30, what="homes that are warmed for who signed in")
    cold = Redis.from_url(site.redis.url)
    holder = psycopg2.connect(site.database.owner_url)
    try:
        for key in cold.scan_iter("timeline:*"):
            cold.delete(key)
        holder.cursor().execute("LOCK TABLE feeds_feedentry IN ACCESS EXCLUSIVE MODE")
        page = ben.get("/")
        assert (page.status, page.tier) == (200, "3")
        assert "the people you are closest to" in page.banner and before[0] in page.text
        assert page.seconds < 4
        answers = [ben.home() for _ in range(4)]
        assert {answer.tier for answer in answers} == {"3"}
        assert answers[-1].seconds < 0.5  # nobody waits any more
    finally:
        holder.close()
        cold.close()
    wait_for(lambda: ben.home().tier == "1" and not ben.get("/").banner, seconds=30, what="the whole home")
    assert ben.home().posts == before
    ben.nobody_saw_a_stack_trace()
    site.everything_holds()


# --- what carries posts ------------------------------------------------------------------------------------


def test_queues_deleted_the_author_sees_the_post_at_once_and_everybody_within_a_minute(site, ada, ben):
    site.faults = {"DRILL_CHUNK": "20", "DRILL_SLOW": "0.3", "DRILL_LEASE": "6"}
    restart(site, "relay", "worker")
    ada.write("Lost on the way")
    wait_for(lambda: reached(site, "Lost on the way") > 0, seconds=30, what="the first piece")
    broker = Redis.from_url(site.redis.url, db=1)
    broker.delete(*QUEUES, "unacked", "unacked_index")
    broker.close()
    assert ada.home().posts[0] == "Lost on the way"
    assert not ben.get("/").banner
    wait_for(lambda: reached(site, "Lost on the way") == READERS + 1, seconds=60, what="all readers")
    in_the_end(site, ada, ben)


def test_a_worker_killed_in_mid_fan_out_nobody_sees_a_difference_but_time(site, ada, ben):
    site.faults = {"DRILL_CHUNK": "20", "DRILL_SLOW": "0.3", "DRILL_LEASE": "6"}
    restart(site, "relay", "worker")
    last = Visitor(site, f"reader_{READERS - 1}").sign_in()
    before = last.home().posts
    ada.write("Half delivered")
    wait_for(lambda: 0 < reached(site, "Half delivered") < READERS, seconds=30, what="a fan-out half done")
    site.kill("worker")
    assert ada.home().posts[0] == "Half delivered"
    assert last.home().posts == before and not last.get("/").banner
    site.start("worker")
    wait_for(lambda: reached(site, "Half delivered") == READERS + 1, seconds=40, what="all readers")
    in_the_end(site, ada, ben, last)


def test_everything_delivered_twice_everybody_sees_it_once(site, ada, ben):
    site.faults = {"DRILL_CHUNK": "50", "DRILL_TWICE": "1"}
    restart(site, "relay", "worker")
    for number in range(3):
        ada.write(f"Twice {number}")
    wait_for(lambda: all_is_there(ada, ben), seconds=40, what="the posts")
    assert [ben.home().posts.count(text) for text in ada.written] == [1, 1, 1]
    in_the_end(site, ada, ben)
