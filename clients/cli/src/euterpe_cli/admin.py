"""The command `euterpe-admin`, for operators: failed generations, users, reported comments, moderators, bans,
orphaned objects, answers of the listening test.

It calls the services directly at their internal addresses, because no gateway routes `/internal`. Exit status: 0
success, 1 failure, 2 invalid arguments.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from euterpe_cli import admin_listening, terminal
from euterpe_cli.admin_api import AdminApi
from euterpe_cli.errors import CliError

app = typer.Typer(
    help="Operate Euterpe: failed generations, users, reported comments, orphaned objects.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
users = typer.Typer(help="Find and suspend users, end their sessions, remove a second factor.", no_args_is_help=True)
reports = typer.Typer(
    help="List reported comments, and keep, hide or delete them, or ban their authors.", no_args_is_help=True
)
failures = typer.Typer(help="List failed generations with their causes, and try them again.", no_args_is_help=True)
moderators = typer.Typer(help="Appoint moderators, who decide reports in the page.", no_args_is_help=True)
bans = typer.Typer(help="List banned users, and end bans.", no_args_is_help=True)
for name, group in (
    ("users", users),
    ("reports", reports),
    ("moderators", moderators),
    ("bans", bans),
    ("failures", failures),
    ("listening", admin_listening.app),
):
    app.add_typer(group, name=name)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Limit = Annotated[int, typer.Option(help="Number of entries.", min=1, max=1000)]
Reason = Annotated[str, typer.Option(help="For the log; a banned user reads it, too.")]
User = Annotated[str, typer.Argument(help="Username or id.", metavar="USER")]
DataOption = Annotated[
    Path,
    typer.Option(
        "--data", envvar="EUTERPE_DATA", help="Data directory of a product that runs on this machine.", metavar="DIR"
    ),
]
_DATA = Path("var")


@app.callback()
def _configure(context: typer.Context, data: DataOption = _DATA) -> None:
    """Operate Euterpe."""
    context.obj = AdminApi.from_environment(data)


@failures.command("list")
def list_failures(
    context: typer.Context,
    model: Annotated[str | None, typer.Option(help="Only generations of this model.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the latest failed generations with their causes."""
    query = {"limit": limit} | ({} if model is None else {"model": model})
    found = _api(context).get("generator", "/generations/failed", query)["items"]
    _print(found, as_json, lambda each: [each["id"], each["finished_at"][:19], each["model"], each["failure"] or ""])


@failures.command("retry")
def retry(context: typer.Context, generation_ids: Annotated[list[str], typer.Argument(metavar="ID...")]) -> None:
    """Queue failed generations again."""
    for generation_id in generation_ids:
        _api(context).send("POST", "generator", f"/generations/{generation_id}/retry")
        terminal.notify(f"{generation_id} is queued again.")


@users.command("show")
def show_user(context: typer.Context, user: User, as_json: AsJson = False) -> None:
    """Show an account: id, state, sessions and API keys."""
    found = _api(context).get("auth", f"/users/{user}")
    if as_json:
        terminal.print_line(json.dumps(found))
        return
    for key, value in found.items():
        terminal.print_line(f"{key:16}{'' if value is None else value}")


@users.command("suspend")
def suspend(context: typer.Context, user: User) -> None:
    """Refuse logins, API keys and tokens of an account, until it is resumed."""
    _api(context).send("PUT", "auth", f"/users/{_user_id(context, user)}/suspension")
    terminal.notify(f"{user} is suspended.")


@users.command("resume")
def resume(context: typer.Context, user: User) -> None:
    """End the suspension of an account."""
    _api(context).send("DELETE", "auth", f"/users/{_user_id(context, user)}/suspension")
    terminal.notify(f"{user} can log in again.")


@users.command("end-sessions")
def end_sessions(context: typer.Context, user: User) -> None:
    """Log an account out on all devices."""
    ended = _api(context).send("DELETE", "auth", f"/users/{_user_id(context, user)}/sessions")
    terminal.notify(f"{ended['sessions']} sessions of {user} have ended.")


@users.command("remove-second-factor")
def remove_second_factor(context: typer.Context, user: User) -> None:
    """Require no codes at logins any more, for a user who lost the authenticator app and the recovery codes."""
    answer = _api(context).send("DELETE", "auth", f"/users/{_user_id(context, user)}/second-factor")
    if not answer["removed"]:
        raise CliError(f"{user} has no second factor.")
    terminal.notify(f"Logins of {user} need no code any more. If the account has an e-mail address, it is notified.")


@users.command("quota")
def quota(
    context: typer.Context,
    user: User,
    songs: Annotated[int | None, typer.Option(help="Set the largest number of songs.", min=0)] = None,
    mebibytes: Annotated[int | None, typer.Option(help="Set the largest size of the library.", min=0)] = None,
    pieces_per_day: Annotated[
        int | None, typer.Option(help="Set the largest number of pieces a day; 0 is no limit.", min=0)
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Apply the limits of all users again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a user stores and composes and may store and compose, or set limits for this user."""
    account = _api(context).get("auth", f"/users/{user}")
    path = f"/users/{account['id']}/quota"
    query = {"guest": account["username"] is None}
    if default:
        for service in ("library", "generator"):
            _api(context).send("DELETE", service, path)
    if pieces_per_day is not None:
        _api(context).send("PUT", "generator", path, body={"max_pieces_per_day": pieces_per_day})
    if songs is not None or mebibytes is not None:
        current = _api(context).get("library", path, query)
        body = {
            "max_songs": current["max_songs"] if songs is None else songs,
            "max_size_bytes": current["max_size_bytes"] if mebibytes is None else mebibytes * 2**20,
        }
        _api(context).send("PUT", "library", path, body=body)
    stored, composed = (_api(context).get(service, path, query) for service in ("library", "generator"))
    found = stored | composed | {"is_own": stored["is_own"] or composed["is_own"]}
    if as_json:
        terminal.print_line(json.dumps(found))
        return
    per_day = found["max_pieces_per_day"]
    terminal.print_line(f"songs           {found['songs']} of {found['max_songs']}")
    terminal.print_line(f"MiB             {found['size_bytes'] / 2**20:.1f} of {found['max_size_bytes'] / 2**20:.0f}")
    pieces = "no limit" if per_day is None else f"{found['pieces']} of {per_day}"
    terminal.print_line(f"pieces today    {pieces}")
    terminal.print_line(f"limits          {'of this user' if found['is_own'] else 'of all users'}")


@reports.command("list")
def list_reports(context: typer.Context, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List reported comments, those with the most reports first."""
    found = _api(context).get("library", "/reports", {"limit": limit})["items"]
    _print(
        found,
        as_json,
        lambda each: [
            each["comment_id"],
            str(each["reports"]),
            ",".join(each["reasons"]),
            each["author"],
            each["text"],
        ],
    )


@reports.command("delete")
def delete_comment(context: typer.Context, comment_id: str) -> None:
    """Delete a reported comment."""
    _api(context).send("DELETE", "library", f"/comments/{comment_id}")
    terminal.notify("The comment is deleted.")


@reports.command("keep")
def keep_comment(context: typer.Context, comment_id: str) -> None:
    """Keep a comment and dismiss its reports."""
    _api(context).send("DELETE", "library", f"/comments/{comment_id}/reports")
    terminal.notify("The reports are dismissed.")


@reports.command("hide")
def hide_comment(context: typer.Context, comment_id: str, reason: Reason = "") -> None:
    """Hide a reported comment from everyone but moderators."""
    _decide(context, comment_id, decision="hide", reason=reason)
    terminal.notify("The comment is hidden.")


@reports.command("ban")
def ban_author(
    context: typer.Context,
    comment_id: str,
    reason: Reason = "",
    days: Annotated[int | None, typer.Option(help="Days of the ban; by default it is permanent.", min=1)] = None,
) -> None:
    """Hide a reported comment and ban its author."""
    _decide(context, comment_id, decision="ban", reason=reason, ban_days=days)
    terminal.notify("The comment is hidden, and its author is banned.")


@reports.command("log")
def list_log(context: typer.Context, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the latest decisions of moderators and operators."""
    found = _api(context).get("library", "/moderation-log", {"limit": limit})["items"]
    _print(
        found,
        as_json,
        lambda each: [
            each["created_at"][:19],
            each["moderator"],
            each["action"],
            each["user_name"],
            each["text"],
            each["reason"],
        ],
    )


@moderators.command("list")
def list_moderators(context: typer.Context, as_json: AsJson = False) -> None:
    """List the moderators."""
    found = _api(context).get("library", "/moderators")["items"]
    _print(found, as_json, lambda each: [each["id"], each["name"]])


@moderators.command("add")
def add_moderator(context: typer.Context, user: User) -> None:
    """Let a user decide reports in the page."""
    account = _api(context).get("auth", f"/users/{user}")
    if account["username"] is None:
        raise CliError("A guest cannot be a moderator.")
    _api(context).send("PUT", "library", f"/moderators/{account['id']}", body={"name": account["username"]})
    terminal.notify(f"{user} is a moderator.")


@moderators.command("remove")
def remove_moderator(context: typer.Context, user: User) -> None:
    """End a user's role as a moderator."""
    _api(context).send("DELETE", "library", f"/moderators/{_user_id(context, user)}")
    terminal.notify(f"{user} is no longer a moderator.")


@bans.command("list")
def list_bans(context: typer.Context, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List banned users."""
    found = _api(context).get("library", "/bans", {"limit": limit})["items"]
    _print(
        found,
        as_json,
        lambda each: [each["user_id"], each["name"], (each["until"] or "permanent")[:19], each["reason"]],
    )


@bans.command("end")
def end_ban(context: typer.Context, user: User) -> None:
    """End the ban of a user."""
    _api(context).send("DELETE", "library", f"/bans/{_user_id(context, user)}")
    terminal.notify(f"{user} is no longer banned.")


@app.command()
def orphans(context: typer.Context, as_json: AsJson = False) -> None:
    """Count the objects that wait to be removed because their last song was."""
    found = _api(context).get("library", "/orphans")
    if as_json:
        terminal.print_line(json.dumps(found))
    else:
        since = f", the oldest since {found['oldest'][:19]}" if found["oldest"] else ""
        terminal.print_line(f"{found['objects']} objects{since}")


def _api(context: typer.Context) -> AdminApi:
    api: AdminApi = context.obj
    return api


def _decide(context: typer.Context, comment_id: str, **decision: Any) -> None:
    _api(context).send("POST", "library", f"/comments/{comment_id}/decision", body=decision)


def _user_id(context: typer.Context, user: str) -> str:
    return str(_api(context).get("auth", f"/users/{user}")["id"])


def _print(items: list[dict[str, Any]], as_json: bool, columns: Any) -> None:
    if as_json:
        terminal.print_line(json.dumps(items))
        return
    for item in items:
        # Text of users must not control the terminal.
        cells = ("".join(char if char.isprintable() else "\ufffd" for char in cell) for cell in columns(item))
        terminal.print_line("  ".join(cells))


def main() -> None:
    """Run the command and exit with its status."""
    terminal.allow_all_characters()
    try:
        app(prog_name="euterpe-admin")
    except CliError as error:
        terminal.notify(f"euterpe-admin: {error}")
        sys.exit(error.status)


if __name__ == "__main__":
    main()
