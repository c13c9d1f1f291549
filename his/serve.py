"""What a web process runs: the application, read without pauses of the garbage collector, behind the gate of a start."""

import asyncio
import gc
import importlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from his.kit.config import get_settings

LOOK_SECONDS = 0.02


def service() -> FastAPI:
    """The application for uvicorn's `--factory`. It serves when the supervisor's gate is open.

    What is read now lives as long as the process: the collector is off meanwhile and never looks at it again.
    """
    gc.disable()
    logging.root.setLevel(get_settings().log_level.upper())
    app: FastAPI = importlib.import_module("his.app").create_app()
    app.router.lifespan_context = _after(get_settings().gate, app.router.lifespan_context)
    gc.freeze()
    gc.enable()
    return app


def _after(
    gate: Path, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[Any]]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """`lifespan`, begun when nothing stands at `gate` any more."""

    @asynccontextmanager
    async def waiting(app: FastAPI) -> AsyncIterator[None]:
        while gate.exists():  # noqa: ASYNC110, ASYNC240  # another process opens it; one look at a local directory
            await asyncio.sleep(LOOK_SECONDS)
        async with lifespan(app):
            yield

    return waiting
