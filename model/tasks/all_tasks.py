"""Every downstream task, by the name that settings give it."""

from model.tasks import klue_nli, klue_sts, nsmc
from model.tasks.task import Task

TASKS: dict[str, Task] = {task.name: task for task in (nsmc.TASK, klue_nli.TASK, klue_sts.TASK)}
