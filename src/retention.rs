//! Which backups stay. A pure decision: it reads no folder and removes nothing.
//!
//! Backups of one alias are judged among themselves, never across. A backup stays when any rule, pin or safeguard
//! speaks for it, and the decision says which.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Duration, UtcDateTime};

use crate::moment;
use crate::{Error, Result};

/// How many backups each rule keeps; 0 switches a rule off. Periods are those of UTC's calendar, weeks those of ISO
/// 8601, and periods without a backup do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// The newest backups, whenever they were made.
    pub last: u32,
    /// Hours of which the newest backup stays.
    pub hourly: u32,
    /// Days of which the newest backup stays.
    pub daily: u32,
    /// Weeks of which the newest backup stays.
    pub weekly: u32,
    /// Months of which the newest backup stays.
    pub monthly: u32,
    /// Years of which the newest backup stays.
    pub yearly: u32,
    /// All backups that are at most this many days older than the newest good one: counted from there and not from
    /// now, so that nothing goes while no new backups arrive.
    pub days: u32,
    /// What an accident that is noticed late calls for: of each kind all backups of the last hours stay, then one an hour
    /// and one each few hours, by [`RECENT`]. Counted as `days` are, but for gaps: see [`LONGEST_GAP`].
    pub recent: bool,
    /// The newest of each kind stays: who wants a daily backup to be a day old at most finds one, however many hourly
    /// ones are newer. For kinds that somebody has listed: one for each release would stay for ever.
    pub newest_of_kinds: bool,
}

/// Up to which age, in hours, one backup stays of each period of so many hours; 0 keeps all.
const RECENT: [(i64, i64); 3] = [(6, 0), (24, 1), (48, 4)];

/// What a longer gap between two backups counts for in the age of what is recent: after a weekend without any, or where
/// a clock jumped ahead, the hours before it are still there.
const LONGEST_GAP: Duration = Duration::days(1);

/// The reason of what is the newest.
const NEWEST: &str = "newest";

/// A backup that may stay or go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Candidate {
    /// The data file's name.
    pub name: String,
    /// The alias of its database.
    pub alias: String,
    /// Why it was made.
    pub kind: String,
    /// When its snapshot was taken: RFC 3339.
    pub created: String,
    /// Why it is pinned, if it is.
    pub pinned: Option<String>,
    /// Whether nothing is known against it.
    pub good: bool,
    /// Whether its store received it long after its snapshot was taken. That is a copy that was made up for, or the work
    /// of somebody who may write there and chose the time: it takes no place from what came in time.
    #[serde(default)]
    pub late: bool,
}

/// Whether a backup stays, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The data file's name.
    pub name: String,
    /// The alias of its database.
    pub alias: String,
    /// Whether it stays.
    pub keep: bool,
    /// Everything that speaks for it, or why nothing does; never empty.
    pub reasons: Vec<String>,
}

/// Decides for each backup; gives them by alias, the newest first. `now` is RFC 3339.
pub fn decide(policy: &Policy, candidates: &[Candidate], now: &str) -> Result<Vec<Decision>> {
    // What is only of the last days is no policy: somebody who keeps nothing else does not want anything removed.
    if (Policy { recent: false, newest_of_kinds: false, ..*policy }) == Policy::default() {
        return Err(Error::usage("the retention policy keeps nothing, so it would remove every backup")
            .hint("Set at least one rule, such as daily, to more than 0"));
    }
    let now = moment::parse(now)?;
    let mut groups: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for candidate in candidates {
        let judged = Judged::new(candidate, now)?;
        groups.entry(&candidate.alias).or_default().push(judged);
    }
    Ok(groups.into_values().flat_map(|group| judge(policy, group)).collect())
}

/// A candidate with what speaks for it.
struct Judged<'a> {
    candidate: &'a Candidate,
    created: UtcDateTime,
    is_future: bool,
    /// How much older than the newest it is for what is recent.
    age: Duration,
    reasons: Vec<String>,
}

impl<'a> Judged<'a> {
    fn new(candidate: &'a Candidate, now: UtcDateTime) -> Result<Self> {
        let created = moment::parse(&candidate.created).map_err(|error| {
            Error::usage(format!("the time of the backup {} is unknown", candidate.name)).because(error)
        })?;
        Ok(Self { candidate, created, is_future: created > now, age: Duration::ZERO, reasons: Vec::new() })
    }

    /// Only such backups fill periods: a wrong clock or a damaged file must not push a good backup out.
    fn counts(&self) -> bool {
        self.candidate.good && !self.is_future
    }

    fn keep(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    /// Whether it is the newest good one of them all, which goes without saying what else it is the newest of.
    fn is_newest(&self) -> bool {
        self.reasons.iter().any(|reason| reason == NEWEST)
    }

    fn decision(self) -> Decision {
        let keep = !self.reasons.is_empty();
        let mut reasons = self.reasons;
        if !keep {
            let good = self.candidate.good;
            let against = if good { "not kept by any rule" } else { "damaged, and a newer good backup exists" };
            reasons.push(against.to_owned());
        }
        Decision { name: self.candidate.name.clone(), alias: self.candidate.alias.clone(), keep, reasons }
    }
}

/// Judges the backups of one alias.
fn judge(policy: &Policy, mut group: Vec<Judged>) -> Vec<Decision> {
    group.sort_by(|one, other| {
        (other.created.cmp(&one.created)).then_with(|| one.candidate.name.cmp(&other.candidate.name))
    });
    apply_safeguards(&mut group);
    let mut counting: Vec<&mut Judged> = group.iter_mut().filter(|judged| judged.counts()).collect();
    measure_ages(&mut counting);
    // What came late takes the places that the others leave.
    counting.sort_by_key(|judged| judged.candidate.late);
    apply_last(&mut counting, policy.last);
    for (period, count) in policy.periods() {
        apply_period(&mut counting, period, count);
    }
    apply_days(&mut counting, policy.days);
    if policy.newest_of_kinds {
        apply_newest_of_kinds(&mut counting);
    }
    if policy.recent {
        apply_recent(&mut counting);
    }
    // What a kept backup needs in order to be restored (the base of an increment) gets its reason here, after all
    // rules have spoken.
    group.into_iter().map(Judged::decision).collect()
}

fn measure_ages(counting: &mut [&mut Judged]) {
    let Some(newest) = counting.first().map(|judged| judged.created) else { return };
    let are_all_late = counting.iter().all(|judged| judged.candidate.late);
    let mut newer = (newest, Duration::ZERO);
    for judged in counting {
        if judged.candidate.late && !are_all_late {
            judged.age = newest - judged.created;
            continue;
        }
        judged.age = newer.1 + (newer.0 - judged.created).min(LONGEST_GAP);
        newer = (judged.created, judged.age);
    }
}

/// Reasons that no policy can take away.
fn apply_safeguards(group: &mut [Judged]) {
    let newest_good = group.iter().position(Judged::counts);
    let newest_good_moment = newest_good.map(|index| group[index].created);
    for (index, judged) in group.iter_mut().enumerate() {
        if newest_good == Some(index) {
            judged.keep(NEWEST);
        }
        if let Some(reason) = &judged.candidate.pinned {
            judged.keep(format!("pinned: {reason}"));
        }
        if judged.is_future {
            judged.keep("its time is in the future");
        } else if !judged.candidate.good && newest_good_moment.is_none_or(|moment| moment <= judged.created) {
            judged.keep("damaged, but no newer good backup exists");
        }
    }
}

fn apply_last(counting: &mut [&mut Judged], count: u32) {
    for (number, judged) in (1..=count).zip(counting) {
        judged.keep(format!("last {number} of {count}"));
    }
}

fn apply_period(counting: &mut [&mut Judged], period: Period, count: u32) {
    let (timely, late) = counting.split_at_mut(counting.partition_point(|judged| !judged.candidate.late));
    let filled = fill(timely, period, count, |_| true);
    let is_full = filled.len() == count as usize;
    // Behind the last of the periods that are asked for nothing is free.
    let end = filled.last().filter(|_| is_full).map(|(_, created)| *created);
    let taken: BTreeSet<Bucket> = filled.iter().map(|(bucket, _)| *bucket).collect();
    let is_free =
        |judged: &Judged| end.is_none_or(|end| judged.created > end) && !taken.contains(&period.bucket(judged.created));
    let free = if is_full { count } else { count.saturating_sub(u32::try_from(filled.len()).unwrap_or(count)) };
    fill(late, period, free, is_free);
}

/// Of those that fit the newest backup of each of the newest `count` periods stays; gives these. While there are fewer
/// periods the oldest backup takes a free place: history grows to the length asked for instead of starting anew in each
/// period.
fn fill(
    backups: &mut [&mut Judged],
    period: Period,
    count: u32,
    fits: impl Fn(&Judged) -> bool,
) -> Vec<(Bucket, UtcDateTime)> {
    let mut filled: Vec<(Bucket, UtcDateTime)> = Vec::new();
    let oldest = backups.iter().rposition(|judged| fits(judged));
    for (index, judged) in backups.iter_mut().enumerate().filter(|(_, judged)| fits(judged)) {
        let bucket = period.bucket(judged.created);
        let is_taken = filled.last().is_some_and(|(taken, _)| *taken == bucket);
        if filled.len() == count as usize || (is_taken && Some(index) != oldest) {
            continue;
        }
        filled.push((bucket, judged.created));
        let note = if is_taken { " (oldest)" } else { "" };
        judged.keep(format!("{} {} of {count}{note}", period.word(), filled.len()));
    }
    filled
}

fn apply_days(counting: &mut [&mut Judged], days: u32) {
    let Some(newest) = counting.first().map(|judged| judged.created).filter(|_| days > 0) else {
        return;
    };
    for judged in counting {
        if newest - judged.created <= Duration::days(days.into()) {
            judged.keep(format!("within {days} days"));
        }
    }
}

fn apply_newest_of_kinds(counting: &mut [&mut Judged]) {
    let mut seen = BTreeSet::new();
    for judged in counting {
        let kind = &judged.candidate.kind;
        if seen.insert(kind) && !judged.is_newest() {
            judged.keep(format!("{NEWEST} {kind}"));
        }
    }
}

fn apply_recent(counting: &mut [&mut Judged]) {
    let mut taken = BTreeSet::new();
    for judged in counting {
        let Some((hours, period)) = RECENT.into_iter().find(|(hours, _)| judged.age <= Duration::hours(*hours)) else {
            continue;
        };
        let Candidate { kind, late, .. } = judged.candidate;
        let bucket = (period > 0).then(|| judged.created.unix_timestamp().div_euclid(period * 3600));
        if bucket.is_none_or(|bucket| taken.insert((kind, *late, period, bucket))) {
            judged.keep(format!("of the last {hours} hours"));
        }
    }
}

/// A period's place in the calendar: equal for moments of the same period, and for no others.
type Bucket = (i32, u16, u8);

/// A period of the calendar.
#[derive(Debug, Clone, Copy)]
enum Period {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    fn bucket(self, moment: UtcDateTime) -> Bucket {
        match self {
            Self::Hour => (moment.year(), moment.ordinal(), moment.hour()),
            Self::Day => (moment.year(), moment.ordinal(), 0),
            Self::Week => {
                let (year, week, _) = moment.to_iso_week_date();
                (year, week.into(), 0)
            }
            Self::Month => (moment.year(), u8::from(moment.month()).into(), 0),
            Self::Year => (moment.year(), 0, 0),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Hour => "hourly",
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
            Self::Year => "yearly",
        }
    }
}

impl Policy {
    fn periods(&self) -> [(Period, u32); 5] {
        [
            (Period::Hour, self.hourly),
            (Period::Day, self.daily),
            (Period::Week, self.weekly),
            (Period::Month, self.monthly),
            (Period::Year, self.yearly),
        ]
    }
}
