//! Makes of a good file one that nobody has written.

use serde_json::{Map, Number, Value, json};

use crate::archive::sample::Random;

/// Some bytes changed, cut out, doubled or put in.
pub(super) fn mutated_bytes(sample: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = sample.to_owned();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = at + random.below((bytes.len() - at).min(64) + 1);
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_owned();
                bytes.splice(at..at, part);
            }
            3 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, INSERTIONS[random.below(INSERTIONS.len())].bytes())),
        }
    }
    bytes
}

const INSERTIONS: [&str; 9] = ["\0", "\u{feff}", "{", "[[[[[[[[", "\"", "1e999", "-0", "\u{202e}", "\n"];

/// Some values of a JSON document exchanged for hostile ones, taken out, or put elsewhere.
pub(super) fn mutated_document(sample: &[u8], random: &mut Random) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(sample) else {
        return mutated_bytes(sample, random);
    };
    for _ in 0..=random.below(3) {
        let places = count(&document);
        let mut steps = random.below(places);
        change(&mut document, &mut steps, random);
    }
    document.to_string().into_bytes()
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(parts) => parts.iter().map(count).sum(),
        Value::Object(parts) => parts.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Changes the value that is so many steps ahead; false where it is not inside of this one.
fn change(value: &mut Value, steps: &mut usize, random: &mut Random) -> bool {
    if *steps == 0 {
        *value = changed(value, random);
        return true;
    }
    *steps -= 1;
    match value {
        Value::Array(parts) => parts.iter_mut().any(|part| change(part, steps, random)),
        Value::Object(parts) => parts.values_mut().any(|part| change(part, steps, random)),
        _ => false,
    }
}

fn changed(value: &Value, random: &mut Random) -> Value {
    match (value, random.below(4)) {
        (Value::Number(number), 0) => near(number, random),
        (Value::Number(_), 1 | 2) => {
            [json!(u64::MAX), json!(i64::MAX), json!(-1), json!(1e308)][random.below(4)].clone()
        }
        (Value::Array(parts), 0) => parts.iter().chain(parts).cloned().collect(),
        (Value::Array(parts), 1) => parts.iter().skip(1).cloned().collect(),
        (Value::Object(parts), 0 | 1) => without_one(parts, random),
        (Value::String(text), 0) => Value::String(text.repeat(1 + random.below(300))),
        (Value::String(text), 1) => Value::String(text.chars().rev().collect()),
        _ => hostile(random),
    }
}

fn near(number: &Number, random: &mut Random) -> Value {
    let number = number.as_i64().unwrap_or(0);
    [number.wrapping_add(1), number.wrapping_sub(1), number.wrapping_mul(2), number.wrapping_neg()][random.below(4)]
        .into()
}

fn without_one(parts: &Map<String, Value>, random: &mut Random) -> Value {
    let left_out = random.below(parts.len().max(1));
    let kept = parts.iter().enumerate().filter(|(index, _)| *index != left_out);
    Value::Object(kept.map(|(_, (name, value))| (name.clone(), value.clone())).collect())
}

fn hostile(random: &mut Random) -> Value {
    let texts = [
        "",
        ".",
        "..",
        "../../etc/passwd",
        "/",
        "\0",
        "\u{1b}[2J",
        "\u{202e}",
        "a\nb",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "1970-01-01T00:00:00+23:59",
        "-000001-01-01T00:00:00Z",
        "2026-11-19T00:00:60Z",
        "2026-11-19",
        "NaN",
        "app_daily_20261119T000000Z.sql.gz",
        "ÿ",
    ];
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(u32::MAX),
        json!(1e308),
        json!(-1e308),
        json!(0.5),
        json!([]),
        json!({}),
        json!([[[[[[[[[[]]]]]]]]]]),
        json!({"a": {"b": [null]}}),
    ];
    let choice = random.below(texts.len() + others.len());
    texts.get(choice).map_or_else(|| others[choice - texts.len()].clone(), |text| json!(text))
}
