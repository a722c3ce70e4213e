"""The embedded sandbox: a real cluster, ACME authority and DNS server on loopback. No root, no containers."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from sandbox.control import NAMES, Sandbox
from sandbox.curl import UnreachableError, fetch
from sandbox.deploy import DeployError
from sandbox.deploy import deploy as deploy_stack
from sandbox.deploy import undeploy as undeploy_stack
from sandbox.ports import NoRoomError
from sandbox.processes import CLOUDS
from sandbox.progress import console
from sandbox.pulumi import Pulumi
from sandbox.supervisor import ProcessFailedError
from sandbox.toolchain import ToolchainError
from sandbox.toolset import ensure

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def up(
    cloud: Annotated[list[str] | None, typer.Option(help=f"Also a twin of this cloud: {', '.join(CLOUDS)}.")] = None,
) -> None:
    """Start what does not run yet and wait until everything is healthy; builds the tools first if need be."""
    if unknown := set(cloud or []) - CLOUDS.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: no such cloud here; there is: {', '.join(CLOUDS)}")
    Sandbox().up(cloud or [])


@app.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Also remove cluster, zones, state and logs.")] = False,
) -> None:
    """Stop everything."""
    Sandbox().down(purge=purge)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show every process; exit code 1 when one has died."""
    sandbox = Sandbox()
    found = sandbox.status()
    if as_json:
        told = [
            {
                "name": one.name,
                "state": one.state,
                "pid": one.pid,
                "started": one.started.isoformat() if one.started else None,
                "memory_bytes": one.memory,
            }
            for one in found
        ]
        typer.echo(json.dumps(told, indent=2))
    else:
        table = Table("Process", "State", "Id", "Since", "Memory")
        colours = {"running": "green", "dead": "red", "stopped": "dim"}
        for one in found:
            since = f"{one.started.astimezone():%Y-%m-%d %H:%M:%S}" if one.started else ""
            memory = f"{one.memory / 2**20:.0f} MiB" if one.memory else ""
            state = f"[{colours[one.state]}]{one.state}[/]"
            table.add_row(one.name, state, str(one.pid or ""), since, memory)
        console.print(table)
        console.print(f"Logs: {sandbox.layout.logs}")
    dead = [one.name for one in found if one.state == "dead"]
    for name in dead:
        typer.echo(f"\n{name} has died. {sandbox.supervisor.end_of_log(name)}", err=True)
    raise typer.Exit(1 if dead else 0)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep showing what is added.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 100,
) -> None:
    """Show the end of a process's log."""
    path = Sandbox().layout.log(name)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.log"))) or "none"
        raise typer.BadParameter(f"there is no log of {name}; logs: {known}")
    _show_log(path, lines, follow=follow)


def _show_log(path: Path, lines: int, *, follow: bool) -> None:
    with path.open(errors="replace") as file:
        sys.stdout.writelines(file.readlines()[-lines:])
        while follow:
            if added := file.read():
                sys.stdout.write(added)
                sys.stdout.flush()
            time.sleep(0.2)


@app.command()
def curl(
    url: Annotated[str, typer.Argument(help="Without a port: the sandbox's own for http and https.")],
    include: Annotated[bool, typer.Option("--include", "-i", help="Show the answer's headers too.")] = False,
    method: Annotated[str, typer.Option("--request", "-X", help="The method.")] = "GET",
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help="`Name: value`; repeatable.")] = None,
    fail: Annotated[bool, typer.Option("--fail", "-f", help="Exit with 22 on status 400 and above.")] = False,
) -> None:
    """Ask a URL with the sandbox's DNS, trusting only the sandbox's certificate authorities."""
    headers = {}
    for line in header or []:
        name, colon, value = line.partition(":")
        if not colon:
            raise typer.BadParameter(f"{line!r} is not `Name: value`")
        headers[name.strip()] = value.strip()
    answer = fetch(Sandbox().layout, url, method, headers)
    typer.echo(f"{answer.version} {answer.status} {answer.reason}")
    if include:
        for name, value in answer.headers:
            typer.echo(f"{name}: {value}")
        typer.echo()
    sys.stdout.flush()
    sys.stdout.buffer.write(answer.body)
    sys.stdout.flush()
    raise typer.Exit(22 if fail and answer.status >= 400 else 0)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def pulumi(arguments: Annotated[list[str], typer.Argument(help="Arguments of pulumi.")]) -> None:
    """Run pulumi with the sandbox's tools, home and state: `python -m sandbox pulumi -- preview --stack dev`."""
    sandbox = Sandbox()
    sandbox.layout.create()
    raise typer.Exit(Pulumi(sandbox.layout).show(*arguments))


@app.command()
def tools() -> None:
    """Build what the cache lacks, the tools of every cloud too, and show where each is."""
    toolset = ensure(CLOUDS)
    for name, folder in toolset.folders.items():
        console.print(f"{name}: {folder}")
    if toolset.own_pulumi:
        console.print(f"pulumi: {toolset.own_pulumi} (the machine's own)")


@app.command()
def deploy(stack: str) -> None:
    """Bring a stack up on the sandbox and ask each of its URLs (`make up`)."""
    deploy_stack(Sandbox(), stack)


@app.command()
def undeploy(stack: str) -> None:
    """Destroy and remove a stack; the sandbox stops with the dev stack or the last one (`make down`)."""
    undeploy_stack(Sandbox(), stack)


def main() -> None:
    """Run the command; what goes wrong ends with a message and a code, not with a traceback."""
    try:
        app()
    except* (ToolchainError, ProcessFailedError, DeployError, UnreachableError, NoRoomError, TimeoutError) as group:
        errors = list(_leaves(group))
        for error in errors:
            typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(getattr(errors[0], "code", 1))


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
