"""Which rows are part of a timeline: its own, and those of its ancestors up to the place where it left them."""

from sqlalchemy import ColumnElement, and_, or_

from libs.contracts.timelines import Timeline


def along(
    timeline: Timeline, timeline_id: ColumnElement[str], place: ColumnElement[int], *, span: int = 1
) -> ColumnElement[bool]:
    """Rows that are part of a timeline. `span`: how many values of the place's column make one place."""
    own = timeline_id == timeline.timeline_id
    before = [and_(timeline_id == one.timeline_id, place < (one.through + 1) * span) for one in timeline.ancestors]
    return or_(own, *before)
