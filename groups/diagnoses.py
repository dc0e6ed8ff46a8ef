"""What may be wrong with counts of groups, and how it is mended; posts are counted by feeds, which look after this."""

from collections.abc import Iterator, Sequence

from groups import upkeep
from socialnet.kernel.diagnosing import Case, Finding, diagnosis


@diagnosis("counts", title="Members of groups")
def member_counts(_case: Case) -> Iterator[Finding]:
    for drift in upkeep.all_drift():
        kept = "no row of counts" if drift.counted is None else f"kept {drift.counted}"
        yield Finding(
            "members",
            f"group {drift.slug}",
            f"{kept}, the rows say {drift.right}",
            ident=drift.group_id,
        )


@member_counts.repair
def mend_member_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = upkeep.reconcile_member_counts([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the counts of {mended} groups"
