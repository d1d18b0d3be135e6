//! Which backups stay: each rule, each safeguard, and years of daily cleaning.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use holdfast::Kind;
use holdfast::retention::{Candidate, Decision, Policy, decide};
use time::format_description::well_known::Rfc3339;
use time::{Duration, UtcDateTime};

const NOW: &str = "2026-11-21T12:00:00Z";

fn candidate(alias: &str, created: &str) -> Candidate {
    let name = format!("{alias}_manual_{}.sql.gz", created.replace(['-', ':'], ""));
    Candidate {
        name,
        alias: alias.to_owned(),
        kind: "manual".to_owned(),
        created: created.to_owned(),
        pinned: None,
        good: true,
        late: false,
    }
}

fn damaged(created: &str) -> Candidate {
    Candidate { good: false, ..candidate("app", created) }
}

fn candidates(moments: &[&str]) -> Vec<Candidate> {
    moments.iter().map(|created| candidate("app", created)).collect()
}

fn rfc3339(moment: UtcDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}

fn moment(text: &str) -> UtcDateTime {
    UtcDateTime::parse(text, &Rfc3339).unwrap()
}

/// The reasons of each backup, the newest first; those of a backup that goes begin with `GO`.
fn reasons(policy: Policy, candidates: &[Candidate]) -> Vec<String> {
    let decisions = decide(&policy, candidates, NOW).unwrap();
    let told =
        |decision: &Decision| format!("{}{}", if decision.keep { "" } else { "GO " }, decision.reasons.join("; "));
    decisions.iter().map(told).collect()
}

#[test]
fn an_empty_policy_is_refused() {
    let error = decide(&Policy::default(), &candidates(&[NOW]), NOW).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.hint_text().unwrap().contains("daily"));
}

#[test]
fn last_keeps_the_newest() {
    let backups = candidates(&["2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z", "2026-11-20T03:00:00Z"]);
    let policy = Policy { last: 2, ..Policy::default() };
    assert_eq!(reasons(policy, &backups), ["newest; last 1 of 2", "last 2 of 2", "GO not kept by any rule"]);
}

#[test]
fn a_day_keeps_its_newest_and_days_without_backups_do_not_count() {
    let backups = candidates(&[
        "2026-11-20T23:59:59Z",
        "2026-11-20T00:00:00Z",
        "2026-11-03T10:00:00Z",
        "2026-11-03T09:00:00Z",
        "2026-01-01T00:00:00Z",
    ]);
    let policy = Policy { daily: 2, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        [
            "newest; daily 1 of 2",
            "GO not kept by any rule",
            "daily 2 of 2",
            "GO not kept by any rule",
            "GO not kept by any rule",
        ]
    );
}

#[test]
fn rules_speak_each_for_themselves() {
    let backups =
        candidates(&["2026-11-20T02:30:00Z", "2026-11-20T01:30:00Z", "2026-10-01T00:00:00Z", "2025-12-31T00:00:00Z"]);
    let policy = Policy { hourly: 2, monthly: 2, yearly: 2, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        ["newest; hourly 1 of 2; monthly 1 of 2; yearly 1 of 2", "hourly 2 of 2", "monthly 2 of 2", "yearly 2 of 2",]
    );
}

#[test]
fn weeks_are_those_of_iso_8601_across_the_new_year() {
    // 2024-12-30 (Monday) to 2025-01-05 is week 1 of 2025; 2024-12-29 belongs to week 52.
    let backups =
        candidates(&["2025-01-05T12:00:00Z", "2025-01-01T12:00:00Z", "2024-12-30T12:00:00Z", "2024-12-29T12:00:00Z"]);
    let policy = Policy { weekly: 2, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        ["newest; weekly 1 of 2", "GO not kept by any rule", "GO not kept by any rule", "weekly 2 of 2",]
    );
}

#[test]
fn offsets_are_counted_in_utc() {
    // Both are the 20th in UTC, though one says 21.
    let backups = candidates(&["2026-11-21T01:00:00+02:00", "2026-11-20T08:00:00Z", "2026-11-19T08:00:00Z"]);
    let policy = Policy { daily: 2, ..Policy::default() };
    assert_eq!(reasons(policy, &backups), ["newest; daily 1 of 2", "GO not kept by any rule", "daily 2 of 2"]);
}

#[test]
fn the_oldest_takes_a_place_that_is_still_free() {
    let backups =
        candidates(&["2026-11-20T00:00:00Z", "2026-11-12T00:00:00Z", "2026-11-03T00:00:00Z", "2026-11-02T00:00:00Z"]);
    let policy = Policy { monthly: 12, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        ["newest; monthly 1 of 12", "GO not kept by any rule", "GO not kept by any rule", "monthly 2 of 12 (oldest)",]
    );
}

#[test]
fn everything_within_some_days_of_the_newest_stays() {
    // The newest is two months old: no backups arrive, and so none goes.
    let backups =
        candidates(&["2026-09-20T00:00:00Z", "2026-09-19T00:00:00Z", "2026-09-13T00:00:00Z", "2026-09-12T23:59:59Z"]);
    let policy = Policy { days: 7, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        ["newest; within 7 days", "within 7 days", "within 7 days", "GO not kept by any rule"]
    );
}

#[test]
fn aliases_never_count_for_each_other() {
    let backups = [
        candidate("app", "2026-11-20T00:00:00Z"),
        candidate("app", "2026-11-19T00:00:00Z"),
        candidate("app_logs", "2024-01-01T00:00:00Z"),
    ];
    let decisions = decide(&Policy { last: 1, ..Policy::default() }, &backups, NOW).unwrap();
    let kept: Vec<(&str, bool)> = decisions.iter().map(|decision| (decision.alias.as_str(), decision.keep)).collect();
    assert_eq!(kept, [("app", true), ("app", false), ("app_logs", true)]);
}

#[test]
fn a_pin_keeps_even_a_damaged_backup_and_says_why() {
    let mut backups = candidates(&["2026-11-20T00:00:00Z", "2026-11-19T00:00:00Z"]);
    backups[1].pinned = Some("before the big import".to_owned());
    backups[1].good = false;
    let policy = Policy { last: 1, ..Policy::default() };
    assert_eq!(reasons(policy, &backups), ["newest; last 1 of 1", "pinned: before the big import"]);
}

#[test]
fn a_time_in_the_future_neither_goes_nor_pushes_out() {
    let backups = candidates(&["2031-01-01T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-19T00:00:00Z"]);
    let policy = Policy { last: 1, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        ["its time is in the future", "newest; last 1 of 1", "GO not kept by any rule"]
    );
}

#[test]
fn a_damaged_backup_fills_nothing_and_goes_only_when_a_newer_good_one_exists() {
    let backups = [
        damaged("2026-11-20T00:00:00Z"),
        candidate("app", "2026-11-19T00:00:00Z"),
        damaged("2026-11-18T00:00:00Z"),
        candidate("app", "2026-11-17T00:00:00Z"),
    ];
    let policy = Policy { last: 2, ..Policy::default() };
    assert_eq!(
        reasons(policy, &backups),
        [
            "damaged, but no newer good backup exists",
            "newest; last 1 of 2",
            "GO damaged, and a newer good backup exists",
            "last 2 of 2",
        ]
    );
    let policy = Policy { daily: 1, ..Policy::default() };
    assert_eq!(reasons(policy, &backups[..1]), ["damaged, but no newer good backup exists"]);
}

#[test]
fn a_good_backup_of_the_future_does_not_condemn_a_damaged_one() {
    let backups = [candidate("app", "2031-01-01T00:00:00Z"), damaged("2026-11-20T00:00:00Z")];
    let policy = Policy { last: 1, ..Policy::default() };
    assert_eq!(reasons(policy, &backups), ["its time is in the future", "damaged, but no newer good backup exists"]);
}

#[test]
fn a_backup_without_a_time_is_named_and_nothing_is_decided() {
    let error = decide(&Policy { last: 1, ..Policy::default() }, &candidates(&["yesterday"]), NOW).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("app_manual_yesterday.sql.gz"));
}

#[test]
fn a_policy_refuses_rules_that_it_does_not_know() {
    assert!(serde_json::from_str::<Policy>(r#"{"daily": 1, "fortnightly": 2}"#).is_err());
}

/// Small, repeatable and good enough to shuffle with.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = usize::try_from(self.roll(index as u64 + 1)).unwrap();
            items.swap(index, other);
        }
    }
}

/// Periods of one kind that a set of backups covers.
fn covered<K: Ord>(backups: &[Candidate], period: impl Fn(UtcDateTime) -> K) -> usize {
    let periods: BTreeSet<K> = backups.iter().map(|backup| period(moment(&backup.created))).collect();
    periods.len()
}

#[test]
fn three_years_of_daily_backups_and_daily_cleaning_keep_what_the_policy_says() {
    let policy = Policy { last: 3, daily: 7, weekly: 5, monthly: 12, yearly: 2, ..Policy::default() };
    let most = 3 + 7 + 5 + 12 + 2;
    let mut kept: Vec<Candidate> = Vec::new();
    let mut dice = Dice(7);
    let start = moment("2023-11-22T02:00:00Z");
    let (mut days, mut weeks, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for day in 0..3 * 365 {
        let now = start + Duration::days(day);
        kept.push(candidate("app", &rfc3339(now)));
        dice.shuffle(&mut kept);
        let decisions = decide(&policy, &kept, &rfc3339(now + Duration::hours(1))).unwrap();
        assert!(decisions[0].keep && decisions[0].reasons[0] == "newest", "day {day}");
        kept.retain(|backup| decisions.iter().any(|decision| decision.keep && decision.name == backup.name));

        days.insert(now.date());
        weeks.insert((now.to_iso_week_date().0, now.to_iso_week_date().1));
        months.insert((now.year(), now.month()));
        assert!(kept.len() <= most, "day {day}: {} kept", kept.len());
        assert!(covered(&kept, UtcDateTime::date) >= days.len().min(7), "day {day}");
        assert!(
            covered(&kept, |moment| (moment.to_iso_week_date().0, moment.to_iso_week_date().1)) >= weeks.len().min(5),
            "day {day}"
        );
        assert!(covered(&kept, |moment| (moment.year(), moment.month())) >= months.len().min(12), "day {day}");
        assert!(covered(&kept, UtcDateTime::year) >= usize::try_from(now.year() - 2022).unwrap().min(2), "day {day}");
        // Two years are full from the first new year on; until then the very first backup takes the free place.
        let first = kept.iter().any(|backup| moment(&backup.created) == start);
        assert!(first || now.year() > 2023, "day {day}");
    }
}

fn made(kind: &str, created: &str) -> Candidate {
    Candidate { kind: kind.to_owned(), ..candidate("app", created) }
}

fn every_hour(kind: &str, from: &str, count: i64) -> Vec<Candidate> {
    (0..count).map(|hours| made(kind, &rfc3339(moment(from) - Duration::hours(hours)))).collect()
}

fn kept(policy: &Policy, candidates: &[Candidate]) -> BTreeSet<String> {
    let decisions = decide(policy, candidates, NOW).unwrap();
    decisions.into_iter().filter(|decision| decision.keep).map(|decision| decision.name).collect()
}

#[test]
fn the_newest_of_each_kind_stays_where_kinds_are_listed() {
    let backups = [made("hourly", "2026-11-20T09:00:00Z"), made("daily", "2026-11-20T02:00:00Z"), made("daily", NOW)];
    let policy = Policy { last: 1, newest_of_kinds: true, ..Policy::default() };
    assert_eq!(reasons(policy, &backups), ["newest; last 1 of 1", "newest hourly", "GO not kept by any rule"]);
    // One kind for each release: the newest of each would stay for ever.
    let releases: Vec<_> =
        (1..400).map(|day| made(&format!("release-{day}"), &rfc3339(moment(NOW) - Duration::days(day)))).collect();
    assert_eq!(kept(&Policy { last: 10, recent: true, ..Policy::default() }, &releases).len(), 10);
}

#[test]
fn a_weekend_without_backups_or_a_clock_that_jumped_leaves_the_hours_before_it() {
    for newest in ["2026-11-16T09:00:00Z", NOW] {
        let mut backups = every_hour("hourly", "2026-11-13T17:00:00Z", 40);
        backups.push(made("hourly", newest));
        let kept = kept(&Policy { daily: 1, recent: true, ..Policy::default() }, &backups);
        for hour in ["17", "15", "11", "07", "03"] {
            assert!(kept.iter().any(|name| name.contains(&format!("20261113T{hour}"))), "{newest} {hour} {kept:?}");
        }
        assert!(kept.len() < 12, "{kept:?}");
    }
    // Backups of every day are no gaps: what somebody has written for them holds, but for the last two days.
    let days: Vec<_> = (0..30).map(|day| made("daily", &rfc3339(moment(NOW) - Duration::days(day)))).collect();
    assert_eq!(kept(&Policy { daily: 2, recent: true, ..Policy::default() }, &days).len(), 3);
}

#[test]
fn what_came_late_takes_no_place_from_what_came_in_time() {
    let policy = Policy {
        last: 3,
        hourly: 5,
        daily: 30,
        weekly: 12,
        monthly: 12,
        recent: true,
        newest_of_kinds: true,
        ..Policy::default()
    };
    for step in [1, 24, 7 * 24] {
        let count = 24 * 400 / step;
        let own: Vec<_> =
            (0..count).map(|number| made("daily", &rfc3339(moment(NOW) - Duration::hours(number * step)))).collect();
        let alone = kept(&policy, &own);
        // Somebody adds one to each hour of a year, always the newest of it.
        let added = every_hour("daily", "2026-11-21T11:59:59Z", 365 * 24);
        let late = added.into_iter().map(|backup| Candidate { late: true, ..backup });
        let attacked: Vec<_> = own.into_iter().chain(late).collect();
        let together = kept(&policy, &attacked);
        assert_eq!(alone.difference(&together).next(), None, "every {step} hours");
        assert!(together.len() < 200, "{}", together.len());
    }
}

#[test]
fn what_is_brought_into_a_new_store_keeps_its_history_and_ages() {
    let policy = Policy { daily: 7, monthly: 3, recent: true, ..Policy::default() };
    let archive: Vec<_> = (0..200)
        .map(|day| Candidate {
            late: true,
            ..made("daily", &rfc3339(moment("2026-06-30T02:00:00Z") - Duration::days(day)))
        })
        .collect();
    let first = kept(&policy, &archive);
    assert_eq!(
        first,
        kept(&policy, &archive.iter().cloned().map(|backup| Candidate { late: false, ..backup }).collect::<Vec<_>>())
    );
    let mut later: Vec<_> = archive.into_iter().filter(|backup| first.contains(&backup.name)).collect();
    later.extend((0..140).map(|day| made("daily", &rfc3339(moment("2026-11-20T02:00:00Z") - Duration::days(day)))));
    let second = kept(&policy, &later);
    assert!(second.iter().all(|name| !first.contains(name)), "{second:?}");
}

#[test]
fn what_is_recent_stays_by_kind_and_thins_out() {
    let policy = Policy { daily: 1, recent: true, ..Policy::default() };
    let backups = [
        made("hourly", "2026-11-21T11:59:00Z"),
        made("quarter", "2026-11-21T06:30:00Z"),
        made("quarter", "2026-11-21T06:15:00Z"),
        made("hourly", "2026-11-21T05:50:00Z"),
        made("hourly", "2026-11-21T05:10:00Z"),
        made("quarter", "2026-11-21T05:05:00Z"),
        made("hourly", "2026-11-20T11:50:00Z"),
        made("hourly", "2026-11-20T09:00:00Z"),
        made("hourly", "2026-11-20T07:59:00Z"),
        made("hourly", "2026-11-19T11:00:00Z"),
    ];
    assert_eq!(
        reasons(policy, &backups),
        [
            "newest; daily 1 of 1; of the last 6 hours",
            "of the last 6 hours",
            "of the last 6 hours",
            "of the last 24 hours",
            "GO not kept by any rule",
            "of the last 24 hours",
            "of the last 48 hours",
            "GO not kept by any rule",
            "of the last 48 hours",
            "GO not kept by any rule",
        ]
    );
}

#[test]
fn the_order_of_the_candidates_does_not_matter() {
    let policy = Policy {
        last: 2,
        hourly: 4,
        daily: 5,
        weekly: 3,
        monthly: 4,
        yearly: 2,
        days: 3,
        recent: true,
        newest_of_kinds: true,
    };
    let mut dice = Dice(1);
    for _ in 0..200 {
        let mut backups: Vec<Candidate> = (0..40)
            .map(|_| {
                let age = Duration::minutes(i64::try_from(dice.roll(60 * 24 * 500)).unwrap() - 60 * 24 * 20);
                let alias = if dice.roll(3) == 0 { "app" } else { "app_logs" };
                let (good, late) = (dice.roll(5) > 0, dice.roll(4) == 0);
                Candidate { good, late, ..candidate(alias, &rfc3339(moment(NOW) - age)) }
            })
            .collect();
        let decisions = decide(&policy, &backups, NOW).unwrap();
        dice.shuffle(&mut backups);
        assert_eq!(decide(&policy, &backups, NOW).unwrap(), decisions);
        assert!(decisions.iter().all(|decision| !decision.reasons.is_empty()));
        for alias in ["app", "app_logs"] {
            let newest = backups
                .iter()
                .filter(|backup| backup.alias == alias && backup.good && moment(&backup.created) <= moment(NOW))
                .max_by_key(|backup| moment(&backup.created));
            let keeps = |name: &str| decisions.iter().any(|decision| decision.keep && decision.name == name);
            assert!(newest.is_none_or(|backup| keeps(&backup.name)));
        }
    }
}

#[test]
fn cleaning_twice_removes_nothing_more() {
    let policy = Policy { last: 1, daily: 3, weekly: 2, monthly: 3, ..Policy::default() };
    let mut backups: Vec<Candidate> =
        (0..300).map(|day| candidate("app", &rfc3339(moment(NOW) - Duration::hours(17 * day)))).collect();
    let once = decide(&policy, &backups, NOW).unwrap();
    backups.retain(|backup| once.iter().any(|decision| decision.keep && decision.name == backup.name));
    assert!(decide(&policy, &backups, NOW).unwrap().iter().all(|decision| decision.keep));
}
