"""What people see of each other: notifications, threads, moderation, profiles."""

import io
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass

import httpx
import pytest
from euterpe_auth.domain.signing_keys import key_cipher
from euterpe_auth.domain.unsubscriptions import unsubscription_token
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.web.conftest import ENGLISH_DESKTOP, SPANISH_PHONE, Visit, fast_variant, register
from tests.web.midi_files import import_midi
from tests.web.test_accessibility import Inspector

pytestmark = pytest.mark.web


@dataclass(frozen=True)
class Community:
    """A user `name` with a public piece, and another user `name`-2."""

    name: str
    song: str
    owner: dict[str, str]
    other: dict[str, str]

    @property
    def page(self) -> str:
        return f"/library/songs/{self.song}"


@pytest.fixture
def community(product: Product, name: str) -> Community:
    with product.client() as client:
        owner, other = register(client, name), register(client, f"{name}-2")
        song = import_midi(client, "Air", owner)
        client.patch(f"/songs/{song}", json={"visibility": "public"}, headers=owner).raise_for_status()
    return Community(name, song, owner, other)


def comment(client: httpx.Client, song: str, headers: dict[str, str], **body: object) -> str:
    answer = client.post(f"/songs/{song}/comments", json={"text": "Hello"} | body, headers=headers)
    return str(answer.raise_for_status().json()["id"])


def test_the_bell_counts_live_and_the_list_is_read(visit: Visit, product: Product, community: Community) -> None:
    page, text = visit.page, visit.text
    visit.log_in(community.name)
    page.goto("/notifications")
    expect(page.get_by_text(text("Nothing yet.", "Aún no hay nada."))).to_be_visible()
    with product.client() as client:
        client.put(f"/songs/{community.song}/like", headers=community.other).raise_for_status()
        comment(client, community.song, community.other, text="What a lovely ending!")
    bell = page.get_by_role("link", name=text("Notifications, 2 unread", "Notificaciones, 2 sin leer"))
    expect(bell).to_be_visible()
    items = page.get_by_role("main").get_by_role("listitem")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text(
        text(f"{community.name}-2 commented on “Air”", f"{community.name}-2 ha comentado «Air»")
    )
    expect(items.first).to_contain_text("What a lovely ending!")
    inspector = Inspector(visit)
    inspector.check("notifications")
    assert not inspector.violations, inspector.violations
    items.first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(community.song))
    bell = page.get_by_role("link", name=text("Notifications, 1 unread", "Notificaciones, 1 sin leer"))
    bell.click()
    page.get_by_role("button", name=text("Mark all as read", "Marcar todas como leídas")).click()
    expect(page.get_by_role("link", name=text("Notifications", "Notificaciones"), exact=True)).to_be_visible()
    expect(items).to_have_count(2)
    page.get_by_label(text("Likes: In the page", "«Me gusta»: En la página")).uncheck()
    expect(page.get_by_text(text("Settings saved.", "Ajustes guardados."))).to_be_visible()
    page.reload()
    expect(page.get_by_label(text("Likes: In the page", "«Me gusta»: En la página"))).not_to_be_checked()


@fast_variant(ENGLISH_DESKTOP)
def test_a_thread_with_a_pin_a_mention_an_edit_and_a_block(
    visit: Visit, product: Product, community: Community
) -> None:
    page, text, name = visit.page, visit.text, community.name
    with product.client() as client:
        comment(client, community.song, community.other, text="See https://example.org", position={"seconds": 1.0})
    visit.log_in(name)
    page.goto(community.page)
    comments = page.get_by_role("region", name=text("Comments", "Comentarios"))
    link = comments.get_by_role("link", name="https://example.org")
    expect(link).to_have_attribute("rel", re.compile("nofollow"))
    page.get_by_role("button", name=re.compile(f"0:01, {name}-2: See")).click()
    expect(comments.locator("e-comment:focus")).to_have_count(1)
    comments.get_by_role("button", name=text(f"Reply to {name}-2", f"Responder a {name}-2")).click()
    reply = comments.get_by_label(text(f"Your reply to {name}-2", f"Tu respuesta a {name}-2"))
    reply.fill(f"Thank you, @{name}-2")
    comments.get_by_role("button", name=text("Reply", "Responder"), exact=True).last.click()
    expect(comments.get_by_role("link", name=f"@{name}-2")).to_be_visible()
    comments.get_by_role("button", name=text("Edit your comment", "Editar tu comentario")).click()
    # The button of the same name stays until the page has changed, so the role must be said.
    comments.get_by_role("textbox", name=text("Edit your comment", "Editar tu comentario")).fill("Thanks!")
    comments.get_by_role("button", name=text("Save", "Guardar")).click()
    expect(comments).to_contain_text(text("(edited)", "(editado)"))
    inspector = Inspector(visit)
    inspector.check("thread with a pin")
    assert not inspector.violations, inspector.violations
    comments.get_by_role("button", name=text(f"Block {name}-2", f"Bloquear a {name}-2")).click()
    expect(link).to_be_hidden()
    comments.get_by_role("button", name=text("Close comments", "Cerrar comentarios")).click()
    expect(comments).to_contain_text(text("Comments on this piece are closed.", "están cerrados."))
    with product.client() as client:
        refused = client.post(f"/songs/{community.song}/comments", json={"text": "?"}, headers=community.other)
        assert refused.status_code == 403


@fast_variant(SPANISH_PHONE)
def test_a_moderator_hides_a_comment_and_bans_its_author(visit: Visit, product: Product, community: Community) -> None:
    page, text, name = visit.page, visit.text, community.name
    with product.client() as client:
        for words in ("Buy now", "Lovely"):
            reported = comment(client, community.song, community.other, text=words)
            report = {"reason": "spam", "note": "An advert."}
            client.put(f"/library/comments/{reported}/report", json=report, headers=community.owner).raise_for_status()
    visit.log_in(name)
    page.goto("/moderation")
    expect(page.get_by_text(text("Only moderators see this page.", "Solo los moderadores ven esta"))).to_be_visible()
    command = [sys.executable, "-m", "euterpe_cli.admin", "--data", str(product.data), "moderators", "add", name]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    page.reload()
    queue = page.get_by_role("region", name=text("Reports", "Denuncias"))
    expect(queue.get_by_text("Buy now")).to_be_visible()
    inspector = Inspector(visit)
    inspector.check("moderation")
    reports = queue.get_by_role("listitem")
    reports.filter(has_text="Lovely").get_by_role(
        "button", name=text("Keep the comment", "Mantener el comentario")
    ).click()
    expect(reports.filter(has_text="Lovely")).to_have_count(0)
    reports.filter(has_text="Buy now").get_by_role("button", name=text("and ban", "y expulsar")).click()
    page.get_by_label(text("Reason, shown to the user", "Motivo, que verá el usuario")).fill("Adverts")
    page.get_by_role("button", name=text("Hide and ban", "Ocultar y expulsar"), exact=True).last.click()
    expect(page.get_by_role("region", name=text("Banned users", "Usuarios expulsados"))).to_contain_text("Adverts")
    inspector.check("moderation, decided")
    assert not inspector.violations, inspector.violations
    log = page.get_by_role("region", name=text("Log", "Registro"))
    expect(log).to_contain_text(text(f"{name} hid a comment by {name}-2", f"{name} ha ocultado un comentario"))
    page.goto(community.page)
    comments = page.get_by_role("region", name=text("Comments", "Comentarios"))
    expect(comments.get_by_text("Lovely")).to_be_visible()
    expect(comments.get_by_text("Buy now")).to_have_count(0)
    with product.client() as client:
        client.put(
            "/library/notification-settings", json={"digest": "daily"}, headers=community.other
        ).raise_for_status()
        user_id = client.get("/auth/me", headers=community.other).raise_for_status().json()["id"]
    page.context.clear_cookies()
    visit.log_in(f"{name}-2")
    page.goto("/notifications")
    decision = page.get_by_role("main").get_by_role("listitem")
    expect(decision).to_contain_text(text("has hidden your comment on “Air”", "ha ocultado tu comentario en «Air»"))
    expect(decision).to_contain_text("Buy now")
    expect(decision).to_contain_text(text("Reason: Adverts", "Motivo: Adverts"))
    expect(decision).to_contain_text(text("The ban ends on", "La expulsión termina el"))
    # The link of a digest, whose button works without a login.
    page.context.clear_cookies()
    token = unsubscription_token(key_cipher(product.secrets()["key_encryption_key"]), uuid.UUID(user_id))
    page.goto(f"/unsubscribe#token={token}")
    page.get_by_role("button", name=text("Unsubscribe", "Darme de baja")).click()
    expect(page.get_by_role("status").filter(has_text=text("no more digests", "Ya no recibirás"))).to_be_visible()
    with product.client() as client:
        settings = client.get("/library/notification-settings", headers=community.other).raise_for_status().json()
        assert settings["digest"] == "off"


@fast_variant(ENGLISH_DESKTOP)
def test_a_profile_is_edited_and_seen_by_others(visit: Visit, product: Product, community: Community) -> None:
    page, text = visit.page, visit.text
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(picture, "PNG")
    visit.log_in(community.name)
    page.goto("/account/profile")
    files = page.locator("input[type=file]")
    files.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_text(text("The picture cannot be used", "La imagen no se puede usar"))).to_be_visible()
    files.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    expect(page.get_by_text(text("Picture saved.", "Imagen guardada."))).to_be_visible()
    page.get_by_label(text("Display name", "Nombre visible")).fill("Clara Wieck 🎹")
    page.get_by_label(text("About you", "Sobre ti")).fill("Pianist. https://example.org")
    page.get_by_role("button", name=text("Save", "Guardar")).click()
    expect(page.get_by_text(text("Profile saved.", "Perfil guardado."))).to_be_visible()
    with product.client() as client:
        body = {"title": "For rainy days", "visibility": "public"}
        client.post("/library/playlists", json=body, headers=community.owner).raise_for_status()
        author = client.get("/auth/me", headers=community.owner).json()["id"]
        client.put(f"/library/authors/{author}/follow", headers=community.other).raise_for_status()
        client.put(f"/songs/{community.song}/like", headers=community.owner).raise_for_status()
    page.get_by_role("link", name=text("View public profile", "Ver perfil público")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clara Wieck 🎹")
    inspector = Inspector(visit)
    inspector.check("profile of a user")
    assert not inspector.violations, inspector.violations
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"@{community.name}")
    width = "async image => { await image.decode(); return image.naturalWidth; }"
    assert page.locator("header e-avatar img").evaluate(width) == 256
    for name in ("Air", "For rainy days", f"{community.name}-2", "https://example.org"):
        expect(main.get_by_role("link", name=name).first).to_be_visible()
    page.goto("/library/likes")
    expect(main.get_by_role("link", name="Air").first).to_be_visible()


@fast_variant(SPANISH_PHONE)
def test_the_lineage_of_a_piece_is_shown_both_ways(visit: Visit, product: Product, community: Community) -> None:
    page, text = visit.page, visit.text
    with product.client() as client:
        body = {"length": 30, "title": "Air, again", "remix_of": community.song}
        waiting = community.other | {"Prefer": "wait=60"}
        remix = client.post("/generations", json=body, headers=waiting).raise_for_status().json()["song_id"]
        client.patch(f"/songs/{remix}", json={"visibility": "public"}, headers=community.other).raise_for_status()
    visit.log_in(community.name)
    page.goto(community.page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Air")
    origin = page.get_by_role("region", name=text("Origin", "Origen"))
    expect(origin.get_by_role("heading")).to_have_text(text("Made from this piece", "Hechas a partir de esta"))
    origin.get_by_role("link", name="Air, again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Air, again")
    expect(origin).to_contain_text(text("Made from", "Hecha a partir de"))
    origin.get_by_role("link", name="Air", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Air")
