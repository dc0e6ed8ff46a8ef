"""What PostgreSQL keeps of posts and of the relations that decide about them, planned once per connection (ADR 41)."""

from django.db import migrations

# EXISTS stands in a lateral of its own: among the columns the planner may hash whole tables for it.
PAGE_FACTS = """
CREATE FUNCTION feeds_page_facts(asked_by bigint, asked_for bigint[]) RETURNS TABLE (
    id bigint, author_id bigint, visibility text, share_of_id bigint, via_id bigint,
    stands boolean, gone boolean, is_share boolean, author_stands boolean, author_is_private boolean,
    viewer_id bigint, viewer_stands boolean,
    follows boolean, followed_back boolean, blocked boolean, muted boolean, is_shared boolean, is_pinned boolean
) LANGUAGE plpgsql STABLE ROWS 25 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    wanted bigint[] := asked_for || ARRAY(
        SELECT unnest(ARRAY[s.share_of_id, s.via_id, shared.share_of_id]) FROM feeds_post s
        LEFT JOIN feeds_post shared ON shared.id = s.share_of_id AND s.content = '' AND NOT s.with_media
        WHERE s.id = ANY(asked_for) AND s.share_of_id IS NOT NULL);
BEGIN
    RETURN QUERY
    SELECT p.id, p.author_id, p.visibility::text, p.share_of_id, p.via_id,
        p.deleted_at IS NULL AND p.hidden_at IS NULL, p.deleted_at IS NOT NULL,
        p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media,
        a.suspended_at IS NULL AND a.is_active, a.is_private,
        v.id, v.suspended_at IS NULL AND v.is_active,
        r.follows, r.followed_back, r.blocked, r.muted, r.is_shared, r.is_pinned
    FROM feeds_post p
    JOIN accounts_user a ON a.id = p.author_id
    LEFT JOIN accounts_user v ON v.id = asked_by
    CROSS JOIN LATERAL (SELECT
        EXISTS (SELECT 1 FROM accounts_follow
            WHERE follower_id = v.id AND followee_id = a.id AND status = 'active') AS follows,
        EXISTS (SELECT 1 FROM accounts_follow
            WHERE follower_id = a.id AND followee_id = v.id AND status = 'active') AS followed_back,
        EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = v.id AND blocked_id = a.id)
            OR EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = a.id AND blocked_id = v.id) AS blocked,
        EXISTS (SELECT 1 FROM accounts_mute WHERE muter_id = v.id AND muted_id = a.id
            AND (until IS NULL OR until > clock_timestamp())) AS muted,
        EXISTS (SELECT 1 FROM feeds_post s WHERE s.author_id = v.id AND s.share_of_id = p.id
            AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL) AS is_shared,
        EXISTS (SELECT 1 FROM feeds_pin WHERE post_id = p.id) AS is_pinned
        OFFSET 0
    ) r
    WHERE p.id = ANY(wanted);
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("feeds", "0010_fan_outs_in_pieces"), ("accounts", "0002_robots")]

    operations = [migrations.RunSQL(PAGE_FACTS, "DROP FUNCTION feeds_page_facts(bigint, bigint[])")]
