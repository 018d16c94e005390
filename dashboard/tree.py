"""What a job set off, as a tree: its children, theirs, and so on."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from dashboard import queries
from tasks.events import JobDict
from tasks.models import Job

#: Jobs that are shown; a tree of more says so.
MOST = 500


@dataclass
class Node:
    """A job in the tree; `hidden` children are not shown for their number."""

    job: JobDict
    children: list["Node"] = field(default_factory=list)
    hidden: int = 0


def of(job: JobDict, visible: QuerySet[Job]) -> Node:
    """The tree below `job`, of the `visible` jobs, in the order in which they were launched, level by level."""
    top = Node(job)
    level, left = {str(job["id"]): top}, MOST
    while level:
        rows = visible.filter(parent__in=[UUID(key) for key in level]).order_by("created_at", "change", "id")
        found = list(rows.select_related("owner").defer("message")[:left])
        of_parent: dict[str, int] = defaultdict(int)
        below: dict[str, Node] = {}
        for each in queries.live(found):
            node = below[str(each["id"])] = Node(each)
            level[str(each["parent"])].children.append(node)
            of_parent[str(each["parent"])] += 1
        if len(found) == left:
            for key, node in level.items():
                node.hidden = visible.filter(parent=UUID(key)).count() - of_parent[key]
            break
        left -= len(found)
        level = below
    return top
