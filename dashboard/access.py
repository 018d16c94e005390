"""Every decision who may see or do what. Whoever is not named here may not.

The owner and staff see a job and may steer it (cancel, retry). Others see those of their groups' members, and those
without owner, where they have the permission for it, and steer what they see with another one. Launching needs the
permission for every task or for this one, and the task's own where it has one; bringing files needs that of any task,
and each is its owner's alone. Saved inputs are seen by their owner and the group that they are shared with, while they
may launch the task. Who may steer a job may share it by a link: whoever has the link sees that one job, while the one
who made it may share it still. An inactive account may nothing, and a token nothing that lies beyond its scopes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard import queries, task_permissions
from dashboard.models import ApiToken, AskedLaunch, Favourite, SavedInputs, SavedSearch, ShareLink
from tasks import catalog
from tasks.models import Job, Notice, Tally, Upload, task_of

if TYPE_CHECKING:
    from dashboard.schedules.store import Scheduled

# A project may bring its own user model: used here is what Django's permissions themselves ask of one.
User: TypeAlias = Any

LAUNCH = "tasks.launch_job"
STEER = "tasks.steer_jobs"
_GROUP_JOBS, _UNOWNED_JOBS = "tasks.view_group_jobs", "tasks.view_unowned_jobs"


@dataclass(frozen=True)
class Sight:
    """Whose jobs somebody sees: all, or those of `owners`, and those of nobody where `unowned` is set."""

    everything: bool = False
    owners: frozenset[Any] = frozenset()
    unowned: bool = False


@dataclass(frozen=True)
class Guest:
    """Whoever has a link to one job: sees that job, and nothing else. No user, and never one."""

    job_id: str
    expires_at: datetime
    is_authenticated: bool = field(default=False, init=False)
    is_active: bool = field(default=False, init=False)


class MissingScope(PermissionDenied):
    """This token lacks the scope that the call needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(_("This token lacks the scope “{scope}”.").format(scope=scope))
        self.scope = scope


def user_within(token: ApiToken, needed: Iterable[str]) -> User:
    """The user for whom `token` speaks in what needs these scopes. Raises MissingScope."""
    has = token.scopes.split()
    for scope in needed:
        if scope not in has:
            raise MissingScope(scope)
    return token.user


def user_of(token: ApiToken | None, scope: str) -> User | None:
    """The user for whom `token` speaks in what needs `scope`; None where it does not, or there is no token."""
    return token.user if token is not None and scope in token.scopes.split() else None


def tokens_for(user: User) -> QuerySet[ApiToken]:
    """The tokens that `user` may see and revoke: the own ones, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-pk") if is_active(user) else ApiToken.objects.none()


def get_token_or_404(user: User, pk: int) -> ApiToken:
    """The token, to revoke it. Raises Http404 where there is none, or it is not `user`'s."""
    if (found := tokens_for(user).filter(pk=pk).first()) is None:
        raise Http404(_("There is no such token."))
    return found


def notices_for(user: User) -> QuerySet[Notice]:
    """What `user` was told of, or is to be told of, newest first: the own notices."""
    own = Notice.objects.filter(user=user) if is_active(user) else Notice.objects.none()
    return own.order_by("-created_at", "-pk")


def is_active(user: User) -> bool:
    """Whether `user` is somebody at all: signed in, and not switched off."""
    return bool(user is not None and user.is_authenticated and user.is_active)


def sees_all(user: User) -> bool:
    """Whether `user` sees every job, those without owner included."""
    return is_active(user) and bool(user.is_staff or user.is_superuser)


def _sight(user: User) -> Sight:
    """Looked up once for each user object, as Django does with permissions: a list asks for every row."""
    if not is_active(user):
        return Sight()
    if sees_all(user):
        return Sight(everything=True)
    known: Sight | None = getattr(user, "_taskcast_sight", None)
    if known is None:
        owners = {user.pk}
        if user.has_perm(_GROUP_JOBS):
            members = get_user_model()._default_manager.filter(groups__in=user.groups.all())
            owners |= set(members.values_list("pk", flat=True))
        known = user._taskcast_sight = Sight(owners=frozenset(owners), unowned=bool(user.has_perm(_UNOWNED_JOBS)))
    return known


def jobs_for(user: User) -> QuerySet[Job]:
    """The jobs that `user` may see."""
    sight = _sight(user)
    if sight.everything:
        return Job.objects.all()
    if not sight.owners:
        return Job.objects.none()
    wanted = Q(owner__in=sight.owners)
    return Job.objects.filter(wanted | Q(owner=None) if sight.unowned else wanted)


def tallies_for(user: User) -> QuerySet[Tally]:
    """The tallies of the jobs that `user` may see."""
    sight = _sight(user)
    if sight.everything:
        return Tally.objects.all()
    # As the recorder writes them: an owner's key as text, and "" for nobody's.
    owners = {str(pk) for pk in sight.owners} | ({""} if sight.unowned else set())
    return Tally.objects.filter(owner__in=owners)


def plainly_sees(user: User, owner_id: Any) -> bool:
    """Whether it can be told without the database that `user` may see a job of `owner_id`; if not, `may_see` knows."""
    return sees_all(user) or (is_active(user) and owner_id is not None and owner_id == user.pk)


def may_see(user: User, owner_id: Any) -> bool:
    """Whether `user` may see a job of `owner_id` (None: nobody's)."""
    sight = _sight(user)
    return sight.everything or (sight.unowned if owner_id is None else owner_id in sight.owners)


def may_steer(user: User, owner_id: Any) -> bool:
    """Whether `user` may cancel a job of `owner_id` (None: nobody's), and, if he may launch its task, retry it."""
    if not may_see(user, owner_id):
        return False
    return sees_all(user) or (owner_id is not None and owner_id == user.pk) or bool(user.has_perm(STEER))


def may_follow(user: User, job_id: str, owner_id: Any) -> bool:
    """Whether `user`, or a guest, may see this very job of `owner_id`."""
    return user.job_id == job_id if isinstance(user, Guest) else may_see(user, owner_id)


def may_follow_lists(user: User) -> bool:
    """Whether `user` may follow lists of jobs, of those that he may see: everybody but a guest."""
    return not isinstance(user, Guest)


def may_share(user: User, owner_id: Any) -> bool:
    """Whether `user` may show a job of `owner_id` to people without an account, and end that: who may steer it."""
    return may_steer(user, owner_id)


def guest_of(link: ShareLink, owner_id: Any) -> Guest | None:
    """Whom the link to a job of `owner_id` lets in now; None where it is over, or its maker may not share any more."""
    if link.revoked_at is not None or link.expires_at <= timezone.now() or not may_share(link.created_by, owner_id):
        return None
    return Guest(str(link.job), link.expires_at)


def job_of(guest: Guest) -> queries.Found | None:
    """The one job that the guest sees, as it is now."""
    return queries.find(guest.job_id)


def shares_for(user: User, found: queries.Found) -> QuerySet[ShareLink]:
    """The links to this job that `user` may see and revoke, newest first: all, where he may share it."""
    may = may_share(user, found.owner_id)
    return ShareLink.objects.filter(job=found.id).order_by("-pk") if may else ShareLink.objects.none()


def get_share_or_404(user: User, found: queries.Found, pk: int) -> ShareLink:
    """The link to this job, to revoke it. Raises Http404 where there is none."""
    if (link := shares_for(user, found).filter(pk=pk).first()) is None:
        raise Http404(_("There is no such link."))
    return link


def may_launch_anything(user: User) -> bool:
    """Whether `user` may launch tasks at all."""
    if not is_active(user):
        return False
    return bool(user.has_perm(LAUNCH)) or any(map(task_permissions.is_one, user.get_all_permissions()))


def may_launch(user: User, task: "catalog.LaunchableTask") -> bool:
    """Whether `user` may launch `task`."""
    if not is_active(user) or not (user.has_perm(LAUNCH) or user.has_perm(task_permissions.of(task.name))):
        return False
    return not task.permission or bool(user.has_perm(task.permission))


def may_launch_again(user: User, name: str) -> bool:
    """Whether `user` may launch the task of this name, if there (still) is one."""
    try:
        return may_launch(user, catalog.get(name))
    except catalog.UnknownTask:
        return False


def may_retry(user: User, found: queries.Found) -> bool:
    """Whether `user` may launch the job's task once more with the job's own arguments."""
    return may_steer(user, found.owner_id) and may_launch_again(user, task_of(found.job))


def may_pause_queues(user: User) -> bool:
    """Whether `user` may pause a queue for everybody, and resume it."""
    return sees_all(user)


def may_steer_workers(user: User) -> bool:
    """Whether `user` may drain a worker for everybody, have it take again, and change how many processes it has."""
    return may_pause_queues(user)


def may_read_audit(user: User) -> bool:
    """Whether `user` may search the audit trail."""
    return sees_all(user)


def may_read_notices(user: User) -> bool:
    """Whether `user` may search what everybody was told of, and how that went."""
    return sees_all(user)


def may_see_workers(user: User) -> bool:
    """Whether `user` may see workers and queues; of the jobs that workers have, only those that he may see himself."""
    return is_active(user)


def has_gallery() -> bool:
    """Whether this instance has the gallery of all parts at all."""
    return bool(settings.DEBUG)


def may_see_gallery(user: User) -> bool:
    """Whether `user` may see it."""
    return has_gallery() and sees_all(user)


def may_see_metrics(user: User) -> bool:
    """Whether `user` may see numbers about all jobs."""
    return sees_all(user)


def tasks_for(user: User) -> "list[catalog.LaunchableTask]":
    """The tasks that `user` is offered."""
    return [task for task in catalog.launchables() if not task.hidden and may_launch(user, task)]


def favourites_for(user: User) -> QuerySet[Favourite]:
    """The tasks that `user` keeps at hand: the own ones."""
    return Favourite.objects.filter(user=user.pk) if is_active(user) else Favourite.objects.none()


def get_job_or_404(user: User, job_id: UUID | str) -> queries.Found:
    """The job, as it is now. Raises Http404 where it does not exist or `user` may not see it: both look the same."""
    found = queries.find(job_id) if is_active(user) else None
    if found is None or not may_see(user, found.owner_id):
        raise Http404(_("There is no such job."))
    return found


def schedules_for(user: User) -> "list[Scheduled]":
    """The schedules that `user` may see, pause, resume and delete: his own; staff all, also those made elsewhere."""
    from dashboard.schedules import store as schedules  # not above: without django-celery-beat there are none

    if sees_all(user):
        return schedules.every()
    return schedules.of(user) if is_active(user) else []


def get_schedule_or_404(user: User, pk: int) -> "Scheduled":
    """The schedule with this key, as `schedules_for` has them. Raises Http404 where it does not exist or is not his."""
    from dashboard.schedules import store as schedules

    found = schedules.find(pk) if is_active(user) else None
    if found is None or not (sees_all(user) or (found.owner_id is not None and found.owner_id == user.pk)):
        raise Http404(_("There is no such schedule."))
    return found


def may_run_schedule(user: User, found: "Scheduled") -> bool:
    """Whether `user`, who may see it, may also run the schedule now, and change one that was made here: who may launch
    its task."""
    return found.task is not None and may_launch(user, found.task)


def get_task_or_404(user: User, name: str) -> "catalog.LaunchableTask":
    """The task, to launch it. Raises Http404 where there is none, PermissionDenied where `user` may not launch it."""
    try:
        task = catalog.get(name)
    except catalog.UnknownTask:
        raise Http404(_("There is no such task.")) from None
    if not may_launch(user, task):
        raise PermissionDenied(_("You may not launch this task."))
    return task


def saved_for(user: User, task: "catalog.LaunchableTask") -> QuerySet[SavedInputs]:
    """The saved inputs of a task that `user` may fill its form in with: the own ones and those of his groups."""
    return _saved(user).filter(task=task.name) if may_launch(user, task) else SavedInputs.objects.none()


def get_saved_or_404(user: User, pk: int) -> SavedInputs:
    """These saved inputs. Raises Http404 where there are none, or `user` may not see them or not launch their task."""
    found = _saved(user).filter(pk=pk).first() if is_active(user) else None
    if found is None or not may_launch_again(user, found.task):
        raise Http404(_("There are no such saved inputs."))
    return found


def find_asked(user: User, task: "catalog.LaunchableTask", number: UUID | None) -> AskedLaunch | None:
    """What `user` typed into a form of the task before the question whether to launch; None where it is not kept."""
    if not is_active(user) or number is None:
        return None
    return AskedLaunch.objects.filter(pk=number, owner=user.pk, task=task.name).first()


def _saved(user: User) -> QuerySet[SavedInputs]:
    # By somebody who is in the group still: who has left it shares nothing there any more.
    shared = Q(group__in=user.groups.values("pk"), owner__groups=F("group"))
    return SavedInputs.objects.filter(Q(owner=user.pk) | shared).select_related("owner", "group")


def may_change_saved(user: User, saved: SavedInputs) -> bool:
    """Whether `user`, who may see them, may rename, share, overwrite and delete these inputs: their owner."""
    return bool(saved.owner_id == user.pk)


def searches_for(user: User) -> QuerySet[SavedSearch]:
    """The searches that `user` has saved, by name: nobody else sees them."""
    return SavedSearch.objects.filter(owner=user.pk).order_by("name") if is_active(user) else SavedSearch.objects.none()


def get_search_or_404(user: User, pk: int) -> SavedSearch:
    """The saved search, to change it. Raises Http404 where there is none, or it is not `user`'s."""
    if (found := searches_for(user).filter(pk=pk).first()) is None:
        raise Http404(_("There is no such saved search."))
    return found


def require_uploading(user: User) -> None:
    """Raise PermissionDenied where `user` may bring no files: who launches nothing needs none."""
    if not may_launch_anything(user):
        raise PermissionDenied(_("You may not launch tasks, and so not upload files for them."))


def get_upload_or_404(user: User, upload_id: UUID) -> Upload:
    """The upload of `user`. Raises Http404 where there is none, or it is somebody else's: both look the same."""
    upload = Upload.objects.filter(pk=upload_id, owner=user.pk).first() if is_active(user) else None
    if upload is None:
        raise Http404(_("There is no such upload."))
    return upload
