"""A real WordPress: a theme's gallery, a page builder's lazy pictures, and pictures that its list of media alone has.

It needs Debian's packages wordpress, wordpress-theme-twentytwentyfour, php-cli, php-mysql, php-gd and mariadb-server.
Nothing of the system's own WordPress is used or changed: the files are copied, the database is a new one.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archiver.agency.audit import site_audit
from archiver.agency.audit.visit_options import AuditOptions
from archiver.catalogue import embedding
from tests.support.agency import agency, certificate, preview, record
from tests.support.claims_kit import jpeg, licence
from tests.support.pictures import scene

WORDPRESS = Path("/usr/share/wordpress")
THEME = "twentytwentyfour"
PROGRAMS = ("php", "mariadbd", "mariadb-install-db")
START_TIMEOUT_S = 60.0
GALLERY, BUILDER, FEATURED, UNUSED = range(901, 904), range(911, 914), 921, 931  # seeds of pictures
LICENSED = GALLERY[0]

CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:@SOCKET@'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '@URL@'); define('WP_SITEURL', '@URL@'); define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY','AUTH_SALT','SECURE_AUTH_SALT','LOGGED_IN_SALT',
    'NONCE_SALT'] as $key) define($key, 'only for this test');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""

# What a page builder does: pictures by an attribute and a script, and one in a style of its own.
BUILDER_PLUGIN = """<?php
add_filter('the_content', function ($html) {
    if (strpos($html, 'builder') === false) return $html;
    return preg_replace_callback('/<img[^>]*class="lazy[^>]*>/', function ($m) {
        return str_replace([' src=', ' srcset='], [' data-src=', ' data-srcset='], $m[0]); }, $html);
}, 99);
add_action('wp_footer', function () { echo '<script>document.querySelectorAll("img[data-src]").forEach(function (i) {
    i.src = i.dataset.src; });</script>'; });
"""

FILL = """<?php
define('WP_INSTALLING', true);
require 'wp-load.php';
require_once 'wp-admin/includes/upgrade.php';
wp_install('Acme', 'ada', 'ada@acme.example', true, '', 'a long pass phrase of Ada');
require_once 'wp-admin/includes/image.php'; require_once 'wp-admin/includes/file.php';
require_once 'wp-admin/includes/media.php';
switch_theme('THEME');
update_option('permalink_structure', '');
function picture($name) {
    $copy = wp_tempnam($name); copy("PICTURES/$name", $copy);
    $id = media_handle_sideload(['name' => $name, 'tmp_name' => $copy], 0);
    if (is_wp_error($id)) { fwrite(STDERR, $id->get_error_message()); exit(1); }
    return $id;
}
function page($title, $content) {
    return wp_insert_post(['post_title' => $title, 'post_content' => $content, 'post_status' => 'publish']);
}
$said = json_decode(file_get_contents('PICTURES/said.json'), true);
$ids = array_map('picture', $said['gallery']);
$blocks = array_map(fn ($id) => '<!-- wp:image {"id":' . $id . ',"sizeSlug":"large"} --><figure class="wp-block-image">'
    . wp_get_attachment_image($id, 'large') . '</figure><!-- /wp:image -->', array_slice($ids, 0, 2));
$pages['gallery'] = page('Gallery', '<!-- wp:gallery --><figure class="wp-block-gallery">' . implode('', $blocks)
    . '</figure><!-- /wp:gallery -->[gallery ids="' . $ids[2] . '" link="file" size="thumbnail"]');
$ids = array_map('picture', $said['builder']);
$url = array_map('wp_get_attachment_url', $ids);
$slides = esc_attr(json_encode(['background_slideshow_gallery' => [['url' => $url[2]]]]));
$pages['builder'] = page('Builder', '<!-- wp:html --><div class="builder"><img class="lazy" src="' . $url[0]
    . '"><div style="height:300px;background-image:url(' . $url[1] . ')"></div>'
    . '<div data-settings="' . $slides . '"></div></div><!-- /wp:html -->');
$pages['featured'] = page('Featured', '<p>News</p>');
set_post_thumbnail($pages['featured'], picture($said['featured']));
picture($said['unused']);
echo json_encode(array_map('get_permalink', $pages));
"""


def reason() -> str:
    """Why this cannot run here; empty if it can."""
    if missing := [each for each in PROGRAMS if not shutil.which(each)]:
        return f"{', '.join(missing)} is not installed"
    if not (WORDPRESS / "wp-content/themes" / THEME).exists():
        return f"Debian's WordPress with the theme {THEME} is not installed"
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout.split()
    return "" if {"mysqli", "gd"} <= set(modules) else "PHP has no mysqli or no gd"


@contextmanager
def database(folder: Path) -> Iterator[Path]:
    """A new MariaDB that listens on a socket in this folder only."""
    folder.mkdir()
    data, listens = folder / "data", folder / "s"
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db",
                    "--auth-root-authentication-method=normal", *user], check=True, capture_output=True)  # fmt: skip
    server = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={listens}", "--skip-networking", *user,
         f"--pid-file={folder / 'pid'}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until(listens.exists)
        made = "CREATE DATABASE IF NOT EXISTS wordpress"
        _until(lambda: not subprocess.run(["mariadb", "--no-defaults", f"--socket={listens}", "-e", made],
                                          capture_output=True).returncode)  # fmt: skip
        yield listens
    finally:
        server.terminate()
        server.wait()


@contextmanager
def wordpress(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A WordPress with pictures: its address, and its pages by name."""
    pictures, site = folder / "pictures", folder / "site"
    pictures.mkdir()
    names = {each: f"shutterstock_190000{each}.jpg" if each == LICENSED else f"IMG_{each}.jpg"
             for each in (*GALLERY, *BUILDER, FEATURED, UNUSED)}  # fmt: skip
    for each, name in names.items():
        (pictures / name).write_bytes(jpeg(scene(each), 90))
    said = {"gallery": [names[each] for each in GALLERY], "builder": [names[each] for each in BUILDER],
            "featured": names[FEATURED], "unused": names[UNUSED]}  # fmt: skip
    (pictures / "said.json").write_text(json.dumps(said))
    shutil.copytree(WORDPRESS, site, symlinks=False, ignore=shutil.ignore_patterns("wp-config.php", "uploads"))
    for each in ("mu-plugins", "uploads"):
        (site / "wp-content" / each).mkdir(exist_ok=True)
    (site / "wp-content/mu-plugins/builder.php").write_text(BUILDER_PLUGIN)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    with database(folder / "db") as listens:
        config = CONFIG.replace("@SOCKET@", str(listens)).replace("@URL@", f"http://{place}")
        (site / "wp-config.php").write_text(config)
        (site / "fill.php").write_text(FILL.replace("PICTURES", str(pictures)).replace("THEME", THEME))
        made = subprocess.run(["php", "fill.php"], cwd=site, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr + made.stdout[-2000:]
        (site / "fill.php").unlink()
        env = {**os.environ, "PHP_CLI_SERVER_WORKERS": "2"}
        server = subprocess.Popen(["php", "-S", place, "-t", str(site)], cwd=site, env=env, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            _until(lambda: _answers(f"http://{place}/"))
            yield f"http://{place}", json.loads(made.stdout[made.stdout.rindex("{") :])
        finally:
            server.terminate()
            server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:  # this machine's own server
            return bool(answer.status == 200)
    except OSError:
        return False


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while not true():
        assert time.monotonic() < end, "a server did not start"
        time.sleep(0.1)


@pytest.mark.skipif(bool(reason()), reason=reason() or "it can run")
def test_a_real_wordpress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "installed", lambda: False)
    with wordpress(tmp_path) as (url, pages), agency(tmp_path / "at") as at:
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text() + "pacing: {default: 0}\n")
        asset = f"190000{LICENSED}"
        papers = certificate("License certificate", f"Image ID: {asset}", "Licensee: Acme Ltd", "Standard")
        at.archive("acme", (licence(asset), [record(), papers, preview(jpeg(scene(LICENSED)))]))
        options = AuditOptions(sites=[url], use="commercial")
        made = site_audit.run(at.home, "acme", options)
        again = site_audit.run(at.home, "acme", options)
    found = {each: row for row in made["pictures"] for address in row["addresses"]
             for each in (*GALLERY, *BUILDER, FEATURED, UNUSED) if f"{each}" in address}  # fmt: skip
    assert set(found) == {*GALLERY, *BUILDER, FEATURED, UNUSED}
    for name, shown in (("gallery", GALLERY), ("builder", BUILDER), ("featured", [FEATURED])):
        for each in shown:
            assert pages[name] in found[each]["pages"], (name, each, found[each])
    assert found[UNUSED]["pages"] == []  # the list of media alone has it
    answers = {each: row["answer"] for each, row in found.items()}
    assert answers == {each: "licence_covers" if each == LICENSED else "unknown" for each in found}
    assert len({row["picture"] for row in found.values()}) == len(found)  # each with all its sizes
    assert not [row for row in again["pictures"] if row["new"]] and not again["gone"]
