//! Which step may run next: one whose needs are done, and that holds nothing that a running step holds against it.
//!
//! The locks of the server are foreseen here, and a step starts when it can have all of its own. So no two sessions can
//! wait for each other.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, Result};

/// What steps hold while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Resource {
    /// Held by all; alone by steps of which no more is known.
    Database,
    /// A table with all that inherits from it, by one of its tables.
    Family(u32),
    /// A table.
    Table(u32),
}

/// How a step holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Beside others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// When a step runs among those that could run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Rows come first: all else is built over them.
    Rows,
    /// Indexes, constraints, comparisons.
    Builds,
    /// What gives the same few seconds whenever it runs.
    Analyzes,
    /// What runs alone waits until nobody else can run.
    Alone,
}

/// One step, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Steps that come before it.
    pub needs: Vec<usize>,
    /// What it holds.
    pub holds: Vec<(Resource, Hold)>,
    /// Its turn.
    pub turn: Turn,
    /// Of two with the same turn the greater runs first.
    pub size: u64,
}

/// What a connection does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Run this step.
    Run(usize),
    /// Wait until another step is done.
    Wait,
    /// Nothing is left.
    End,
}

/// Steps that wait, that could run, and that run.
#[derive(Debug)]
pub(super) struct Schedule {
    steps: Vec<Conditions>,
    /// How many needs of each step are not done.
    missing: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    ready: BTreeSet<(Turn, Reverse<u64>, usize)>,
    /// How many share it; `None` is one alone.
    held: HashMap<Resource, Option<usize>>,
    running: usize,
    left: usize,
}

impl Schedule {
    pub(super) fn new(mut steps: Vec<Conditions>) -> Self {
        let mut dependents = vec![Vec::new(); steps.len()];
        for (index, step) in steps.iter_mut().enumerate() {
            step.needs.sort_unstable();
            step.needs.dedup();
            for &needed in &step.needs {
                dependents[needed].push(index);
            }
        }
        let missing: Vec<usize> = steps.iter().map(|step| step.needs.len()).collect();
        let (held, left) = (HashMap::new(), steps.len());
        let mut schedule = Self { steps, missing, dependents, ready: BTreeSet::new(), held, running: 0, left };
        for index in (0..left).filter(|index| schedule.missing[*index] == 0).collect::<Vec<_>>() {
            schedule.ready.insert(schedule.place(index));
        }
        schedule
    }

    /// The next step, which runs from now on.
    pub(super) fn next(&mut self) -> Result<Next> {
        if self.left == 0 {
            return Ok(Next::End);
        }
        let Some(place) = self.ready.iter().find(|place| self.is_free(place.2)).copied() else {
            // Steps that need each other: no order in which objects were created can be so.
            return if self.running == 0 { Err(circle()) } else { Ok(Next::Wait) };
        };
        self.ready.remove(&place);
        self.running += 1;
        for (resource, hold) in &self.steps[place.2].holds {
            let held = self.held.entry(*resource).or_insert(Some(0));
            *held = match hold {
                Hold::Shared => held.map(|sharing| sharing + 1),
                Hold::Exclusive => None,
            };
        }
        Ok(Next::Run(place.2))
    }

    /// A running step is done.
    pub(super) fn finish(&mut self, index: usize) {
        self.running -= 1;
        self.left -= 1;
        for (resource, _) in &self.steps[index].holds {
            match self.held.get_mut(resource) {
                Some(Some(sharing)) if *sharing > 1 => *sharing -= 1,
                _ => drop(self.held.remove(resource)),
            }
        }
        for dependent in std::mem::take(&mut self.dependents[index]) {
            self.missing[dependent] -= 1;
            if self.missing[dependent] == 0 {
                self.ready.insert(self.place(dependent));
            }
        }
    }

    fn place(&self, index: usize) -> (Turn, Reverse<u64>, usize) {
        (self.steps[index].turn, Reverse(self.steps[index].size), index)
    }

    fn is_free(&self, index: usize) -> bool {
        self.steps[index].holds.iter().all(|(resource, hold)| match (self.held.get(resource), hold) {
            (None, _) | (Some(Some(_)), Hold::Shared) => true,
            (Some(_), _) => false,
        })
    }
}

fn circle() -> Error {
    Error::bad_backup("objects of the backup need each other in a circle")
        .hint("restore it with --strategy in-place, which follows the order of the file; and tell us how it came to be")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Conditions, Hold, Next, Resource, Schedule, Turn};

    fn step(needs: &[usize], holds: &[(Resource, Hold)], turn: Turn, size: u64) -> Conditions {
        Conditions { needs: needs.to_vec(), holds: holds.to_vec(), turn, size }
    }

    #[test]
    fn the_biggest_that_may_run_is_next() {
        let own = |table| [(Resource::Table(table), Hold::Exclusive)];
        let mut schedule = Schedule::new(vec![
            step(&[], &own(0), Turn::Rows, 1),
            step(&[], &own(1), Turn::Rows, 5),
            step(&[], &own(1), Turn::Builds, 9),
            step(&[1], &own(1), Turn::Builds, 7),
        ]);
        assert_eq!(schedule.next().unwrap(), Next::Run(1));
        assert_eq!(schedule.next().unwrap(), Next::Run(0));
        assert_eq!(schedule.next().unwrap(), Next::Wait);
        schedule.finish(1);
        assert_eq!(schedule.next().unwrap(), Next::Run(2));
        assert_eq!(schedule.next().unwrap(), Next::Wait);
        schedule.finish(2);
        schedule.finish(0);
        assert_eq!(schedule.next().unwrap(), Next::Run(3));
        schedule.finish(3);
        assert_eq!(schedule.next().unwrap(), Next::End);
    }

    #[test]
    fn what_is_shared_is_free_again_when_the_last_is_done() {
        let shared = [(Resource::Table(0), Hold::Shared)];
        let alone = [(Resource::Table(0), Hold::Exclusive)];
        let mut schedule = Schedule::new(vec![
            step(&[], &shared, Turn::Builds, 3),
            step(&[], &shared, Turn::Builds, 2),
            step(&[], &alone, Turn::Builds, 1),
        ]);
        assert_eq!((schedule.next().unwrap(), schedule.next().unwrap()), (Next::Run(0), Next::Run(1)));
        schedule.finish(0);
        assert_eq!(schedule.next().unwrap(), Next::Wait);
        schedule.finish(1);
        assert_eq!(schedule.next().unwrap(), Next::Run(2));
    }

    #[test]
    fn what_runs_alone_comes_when_nobody_else_can() {
        let database = |hold| [(Resource::Database, hold)];
        let mut schedule = Schedule::new(vec![
            step(&[], &database(Hold::Exclusive), Turn::Alone, 0),
            step(&[], &database(Hold::Shared), Turn::Builds, 0),
            step(&[], &database(Hold::Shared), Turn::Analyzes, 0),
        ]);
        assert_eq!((schedule.next().unwrap(), schedule.next().unwrap()), (Next::Run(1), Next::Run(2)));
        assert_eq!(schedule.next().unwrap(), Next::Wait);
        schedule.finish(2);
        schedule.finish(1);
        assert_eq!(schedule.next().unwrap(), Next::Run(0));
        assert_eq!(schedule.next().unwrap(), Next::Wait);
    }

    #[test]
    fn a_circle_is_an_error() {
        let mut schedule = Schedule::new(vec![step(&[1], &[], Turn::Rows, 0), step(&[0], &[], Turn::Rows, 0)]);
        assert!(schedule.next().unwrap_err().message().contains("circle"));
    }
}
