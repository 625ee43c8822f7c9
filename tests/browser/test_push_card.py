"""The card on the Me page that lets a phone be reminded: on, off, forbidden, and not possible.

Only the browser maker's own service is played here: it is far away, and no test may depend on it.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser import rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.site import Site

KNOWN = "https://fcm.googleapis.com/fcm/send/a-phone-of-this-test"
ELSEWHERE = "https://push.example/a-phone-of-this-test"
# What the browser and its maker do between them: a subscription with real keys, kept for the site.
SERVICE = """
    const KEPT = 'played-subscription'
    const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
        .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    const kept = () => JSON.parse(localStorage.getItem(KEPT))
    const subscription = (said) => said && ({
        toJSON: () => said,
        unsubscribe: async () => { localStorage.removeItem(KEPT); return true },
    })
    PushManager.prototype.getSubscription = async () => subscription(kept())
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
        const fits = applicationServerKey.byteLength === 65 && userVisibleOnly
        if (!fits) throw new TypeError('options')
        const curve = { name: 'ECDH', namedCurve: 'P-256' }
        const pair = await crypto.subtle.generateKey(curve, true, ['deriveBits'])
        const p256dh = text(await crypto.subtle.exportKey('raw', pair.publicKey))
        const auth = text(crypto.getRandomValues(new Uint8Array(16)))
        localStorage.setItem(KEPT, JSON.stringify({ endpoint: 'ENDPOINT', keys: { p256dh, auth } }))
        return subscription(kept())
    }
"""


def phone(open_phone: Open, site: Site, endpoint: str, *, allowed: bool = True) -> BrowserContext:
    context: BrowserContext = open_phone()
    wanted = ["geolocation", *(["notifications"] if allowed else [])]
    context.grant_permissions(wanted, origin=site.url)
    context.add_init_script(SERVICE.replace("ENDPOINT", endpoint))
    return context


def card(page: Page) -> Locator:
    page.goto("/me")
    return page.get_by_role("region", name="报到提醒")


def subscriptions(site: Site, name: str) -> Any:
    return Api(site, name).get("/office/push")["subscriptions"]


def kept(page: Page) -> Any:
    return page.evaluate("localStorage.getItem('played-subscription')")


def test_on_and_off_again(open_phone: Open, site: Site, rep_name: str) -> None:
    page = phone(open_phone, site, KNOWN).new_page()
    errors = watch(page)
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    shown = card(page)
    expect(shown.get_by_role("button", name="关闭提醒")).to_have_count(0)
    shown.get_by_role("button", name="打开提醒").tap()
    expect(shown.get_by_text("这台手机会收到提醒。")).to_be_visible()
    assert axe(page) == []
    assert len(subscriptions(site, rep_name)) == 1
    # It stays on, and turning it on is not asked for again.
    shown = card(page)
    expect(shown.get_by_text("这台手机会收到提醒。")).to_be_visible()
    shown.get_by_role("button", name="关闭提醒").tap()
    expect(shown.get_by_role("button", name="打开提醒")).to_be_visible()
    expect(shown.get_by_text("这台手机会收到提醒。")).to_have_count(0)
    assert subscriptions(site, rep_name) == []
    assert kept(page) is None
    assert errors == []


def test_a_service_that_is_not_known_here(open_phone: Open, site: Site, rep_name: str) -> None:
    page = phone(open_phone, site, ELSEWHERE).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    shown = card(page)
    shown.get_by_role("button", name="打开提醒").tap()
    expect(shown.get_by_role("alert")).to_contain_text("不支持这个推送服务：push.example")
    # Nobody would ever tell it anything: the browser forgets it as well.
    assert kept(page) is None
    assert subscriptions(site, rep_name) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_forbidden_is_said_in_words(
    open_phone: Open, site: Site, rep_name: str, language: str
) -> None:
    page = phone(open_phone, site, KNOWN, allowed=False).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    shown = card(page)
    words, name, press = "浏览器不允许通知。请在系统设置中允许后再试。", "报到提醒", "打开提醒"
    if language == "en":
        page.get_by_role("button", name="English").tap()
        words, name, press = "The browser does not allow notifications.", "Reminders", "Turn on"
        shown = page.get_by_role("region", name=name)
    expect(shown.get_by_text(words)).to_be_visible()
    # Pressed once more, it asks the browser again, and says the same.
    shown.get_by_role("button", name=press).tap()
    expect(shown.get_by_text(words)).to_be_visible()
    assert axe(page) == []
    assert kept(page) is None
    assert subscriptions(site, rep_name) == []


def test_a_browser_without_push_says_so(open_phone: Open, site: Site, rep_name: str) -> None:
    context: BrowserContext = open_phone()
    context.add_init_script("delete window.PushManager")
    page = context.new_page()
    rep.log_in(page, rep_name)
    shown = card(page)
    expect(shown.get_by_text("这个浏览器收不到推送；提醒仍会显示在应用里。")).to_be_visible()
    expect(shown.get_by_role("button")).to_have_count(0)
