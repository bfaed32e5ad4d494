"""The screens of all roles, gathered: a module each, with SCREENS, COMMANDS and, for pages that are more than data, a `router`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter

from console.web.screen import Command, ItemScreen, ListScreen, Screen
from console.web.screens import (
    centre,
    clerk,
    delivery,
    docking,
    docking_commands,
    duplicates,
    enterprises,
    imports,
    inbox,
    operations,
    papers,
    pass_rates,
    payrolls,
    programme_board,
    rights,
    scenario,
    sheets,
    supply,
    waiting,
)
from shared.principals import Principal
from shared.texts import Texts

MODULES = (
    clerk,
    duplicates,
    imports,
    supply,
    enterprises,
    docking,
    docking_commands,
    centre,
    pass_rates,
    rights,
    payrolls,
    programme_board,
    scenario,
    operations,
    delivery,
    papers,
    inbox,
    waiting,
)
SCREENS: Sequence[Screen] = [screen for module in MODULES for screen in getattr(module, "SCREENS", ())]
# What has a page of another kind, as it stands at the head of its commands' forms.
SUBJECTS: Sequence[ItemScreen] = [screen for module in MODULES for screen in getattr(module, "SUBJECTS", ())]
COMMANDS: Sequence[Command] = [command for module in MODULES for command in getattr(module, "COMMANDS", ())]
ROUTERS: Sequence[APIRouter] = [sheets.router, *(router for module in MODULES if (router := getattr(module, "router", None)) is not None)]
BODY_LIMITS: dict[str, int] = {path: limit for module in MODULES for path, limit in getattr(module, "BODY_LIMITS", {}).items()}


class Entry(NamedTuple):
    path: str
    label: str


def navigation(who: Principal | None, text: Texts) -> dict[str, list[Entry]]:
    """Heading -> the pages under it that the role has."""
    found: dict[str, list[Entry]] = {}
    for screen in SCREENS:
        if who is not None and isinstance(screen, ListScreen) and screen.group and who.role in screen.roles:
            found.setdefault(text(screen.group), []).append(Entry(screen.path, text(screen.title)))
    for module in MODULES:
        for asked in (*getattr(module, "ASKED", ()), *getattr(module, "UPLOADS", ())):
            if who is not None and asked.group and who.role in asked.roles:
                found.setdefault(text(asked.group), []).append(Entry(asked.path, text(asked.title)))
        for group, path, title, roles in getattr(module, "PAGES", ()):
            if who is not None and who.role in roles:
                found.setdefault(text(group), []).append(Entry(path, text(title)))
    return found
