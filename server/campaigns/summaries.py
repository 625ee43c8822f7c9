"""What is said of a campaign in the end: pre-filled from the numbers, written in versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names
from server.campaigns import numbers, problems
from server.campaigns.models import Campaign, CampaignSummary
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, wire_time
from server.kernel.ids import new_id

_TEXT = {
    "zh-CN": (
        "{name}（{code}），{first} 至 {last}",
        (
            "参与门店 {stores} 家：全部完成 {complete} 家，未开始 {planned} 家，"
            "已发放待拍照 {handed_out} 家，有缺项 {missing} 家。"
        ),
        "{material}：计划 {planned}，已发放 {handed}。",
        "发放目标 {number}，实际 {reached}，达成 {share}。",
        (
            "有效发放 {effective} / {handouts} 笔（{share}）；"
            "缺签名 {unsigned}，缺照片 {no_photo}，不在范围内 {not_on_site}。"
        ),
        "尚无发放。",
        "{material}：{missing_stores} 家门店现场缺少。",
    ),
    "en": (
        "{name} ({code}), {first} to {last}",
        (
            "{stores} stores take part: {complete} complete, {planned} not begun, "
            "{handed_out} handed out without all photos, {missing} with something missing."
        ),
        "{material}: {planned} planned, {handed} handed out.",
        "Target {number}, reached {reached}: {share}.",
        (
            "Effective distribution {effective} of {handouts} handouts ({share}); "
            "{unsigned} unsigned, {no_photo} without a photo, {not_on_site} not on site."
        ),
        "Nothing has been handed out yet.",
        "{material}: seen missing in stores: {missing_stores}.",
    ),
}


def percent(share: float | None) -> str:
    """A share between 0 and 1 in words: 87.5%."""
    return "–" if share is None else f"{round(share * 100, 1):g}%"


def prefilled(campaign: Campaign, found: Mapping[str, Any], language: str) -> str:
    """The text of a summary out of the numbers, in the language."""
    head, stores, material, target, effect, nothing, missing = _TEXT[language]
    lines = [
        head.format(
            name=campaign.name,
            code=campaign.code,
            first=campaign.first_day.isoformat(),
            last=campaign.last_day.isoformat(),
        ),
        stores.format(**found["execution"]),
    ]
    lines += [
        material.format(material=one["name"], planned=one["planned"], handed=one["handed"])
        for one in found["materials"]
    ]
    lines += [
        missing.format(material=one["name"], missing_stores=one["missing_stores"])
        for one in found["materials"]
        if one["missing_stores"]
    ]
    goal = found["target"]
    if goal["number"]:
        lines.append(target.format(**(goal | {"share": percent(goal["share"])})))
    shown = found["effectiveness"]
    if shown["handouts"]:
        lines.append(effect.format(**(shown | {"share": percent(shown["share"])})))
        definition: str = found["definition"][language]
        lines.append(definition)
    else:
        lines.append(nothing)
    return "\n".join(lines)


def summaries(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, language: str
) -> dict[str, Any]:
    """{items: the versions of the actor's region and those below, newest first; version: the
    newest of the actor's own region; draft: what the numbers say now}.
    """
    rows = _visible(session, actor, campaign.id)
    own = [row.version for row in rows if row.region_id == actor.region_id]
    found = numbers.numbers(session, actor, clock, campaign)
    return {
        "items": summary_items(session, rows),
        "version": max(own, default=0),
        "draft": prefilled(campaign, found, language),
    }


def _visible(session: Session, actor: Actor, campaign_id: str) -> Sequence[CampaignSummary]:
    query = select(CampaignSummary).where(
        CampaignSummary.campaign_id == campaign_id,
        CampaignSummary.region_id.in_(actor.region_ids),
    )
    order = (CampaignSummary.at.desc(), CampaignSummary.id.desc())
    return session.scalars(query.order_by(*order)).all()


def summary_items(session: Session, rows: Sequence[CampaignSummary]) -> list[dict[str, Any]]:
    """Versions with the words that a reader needs beside the ids."""
    regions = region_names(session)
    people = people_by_ids(session, {row.author_id for row in rows})
    return [
        {
            "id": row.id,
            "version": row.version,
            "region_id": row.region_id,
            "region_name": regions.get(row.region_id, ""),
            "text": row.text,
            "language": row.language,
            "author_name": str(people[row.author_id]["name"]),
            "at": wire_time(row.at),
            "share": row.numbers["effectiveness"]["share"],
        }
        for row in rows
    ]


def visible_items(session: Session, actor: Actor, campaign_id: str) -> list[dict[str, Any]]:
    """The versions that the actor sees, newest first."""
    return summary_items(session, _visible(session, actor, campaign_id))


def write_summary(
    session: Session,
    actor: Actor,
    clock: Clock,
    campaign: Campaign,
    values: Mapping[str, Any],
    language: str,
) -> dict[str, Any]:
    """Write the next version for the actor's region: {text, after: the version it was read at}.

    The same text again changes nothing. The caller has locked the campaign. Raises
    summary_changed where there is a newer version than after.
    """
    last = session.scalar(
        select(CampaignSummary)
        .where(
            CampaignSummary.campaign_id == campaign.id,
            CampaignSummary.region_id == actor.region_id,
        )
        .order_by(CampaignSummary.version.desc())
        .limit(1)
    )
    text = values["text"].strip()
    if last is not None and last.text == text and last.author_id == actor.user_id:
        return summary_items(session, [last])[0]
    version = last.version if last else 0
    if values["after"] != version:
        raise problems.SUMMARY_CHANGED.error(field="after", version=version)
    found = numbers.numbers(session, actor, clock, campaign)
    made = CampaignSummary(
        id=new_id(),
        campaign_id=campaign.id,
        region_id=actor.region_id,
        version=version + 1,
        text=text,
        numbers={key: found[key] for key in ("execution", "effectiveness", "target", "materials")},
        language=language,
        author_id=actor.user_id,
        at=clock.now(),
    )
    session.add(made)
    session.flush()
    event = journal.Event.CAMPAIGN_SUMMARISED
    data = {"version": made.version, "region_id": made.region_id}
    journal.record(session, clock, actor, event, "campaign", campaign.id, **data)
    return summary_items(session, [made])[0]
