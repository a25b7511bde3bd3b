//! The same counts where processes share them: two scripts that Redis runs as a whole, by its own clock, each one round trip.
//! What is kept there are numbers under names that tell nothing of whom they count, gone when their window is.

use std::time::Duration;

use super::book::{Key, Lacking, Need, Whose};
use super::window::SLICES;
use crate::route::key::Hash;
use crate::store::Shared;

/// Counts a call in all of its limits, or in none. Each limit has its most, its slice's length in microseconds and the
/// call's amount; it answers, for each, how long there is no room (microseconds, 0 is none) and the slice that is now.
const RESERVE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer, full = {}, false
for i = 1, #KEYS do
  local most, length, amount = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
  local current = math.floor(now / length)
  local sum, live, fields = 0, {}, redis.call('HGETALL', KEYS[i])
  for j = 1, #fields, 2 do
    local slice, held = tonumber(fields[j]), tonumber(fields[j+1])
    if slice + SLICES < current then
      redis.call('HDEL', KEYS[i], fields[j])
    else
      sum = sum + held
      live[#live+1] = { slice, held }
    end
  end
  local over, wait = sum + amount - most, 0
  if over > 0 then
    full, wait = true, length
    table.sort(live, function(one, other) return one[1] < other[1] end)
    for _, slice in ipairs(live) do
      over = over - slice[2]
      if over <= 0 then
        wait = math.max(1, (slice[1] + 1 + SLICES) * length - now)
        break
      end
    end
  end
  answer[2*i-1], answer[2*i] = wait, current
end
if full then return answer end
for i = 1, #KEYS do
  redis.call('HINCRBY', KEYS[i], string.format('%.0f', answer[2*i]), ARGV[3*i])
  redis.call('PEXPIRE', KEYS[i], string.format('%.0f', math.ceil(ARGV[3*i-1] * (SLICES + 2) / 1000)))
end
return answer
";

/// Corrects what a call was counted with. Each limit has the slice that it was counted in, the slice's length and the
/// difference: less is taken back if the slice is there, more is counted there or, if it is forgotten, now.
const SETTLE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i = 1, #KEYS do
  local slice, length, difference = ARGV[3*i-2], tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
  local current = math.floor(now / length)
  local held = tonumber(redis.call('HGET', KEYS[i], slice))
  if difference < 0 then
    if held then redis.call('HINCRBY', KEYS[i], slice, string.format('%.0f', math.max(difference, -held))) end
  else
    if tonumber(slice) + SLICES < current then slice = string.format('%.0f', current) end
    redis.call('HINCRBY', KEYS[i], slice, ARGV[3*i])
    redis.call('PEXPIRE', KEYS[i], string.format('%.0f', math.ceil(length * (SLICES + 2) / 1000)))
  end
end
return {}
";

/// What Redis said to a call.
pub enum Told {
    /// It is counted, in these slices.
    Room(Vec<u64>),
    Full(Vec<Lacking>),
    /// Redis can't be asked: this process counts alone.
    Nothing,
}

pub async fn reserve(shared: &Shared, needs: &[Need]) -> Told {
    let each =
        needs.iter().map(|need| [need.rule.most, need.rule.slice(), need.amount].map(|one| one.to_string()));
    let Some(answer) = run(shared, RESERVE, needs.iter(), each.flatten().collect()).await else {
        return Told::Nothing;
    };
    let pairs: Vec<(i64, i64)> = answer.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if pairs.len() != needs.len() {
        return Told::Nothing;
    }
    let waits = pairs.iter().enumerate().filter(|(_, (wait, _))| *wait > 0);
    let lacking: Vec<Lacking> = waits
        .map(|(place, (wait, _))| Lacking {
            place,
            after: Duration::from_micros(wait.unsigned_abs()),
            behind: false,
        })
        .collect();
    if lacking.is_empty() {
        Told::Room(pairs.into_iter().map(|(_, slice)| slice.unsigned_abs()).collect())
    } else {
        Told::Full(lacking)
    }
}

/// Corrects counts, each by its slice there and the difference. What does not reach Redis stays counted until it is
/// forgotten.
pub async fn settle(shared: &Shared, changed: Vec<(Need, u64, i128)>) {
    let each = changed
        .iter()
        .map(|(need, slice, by)| [slice.to_string(), need.rule.slice().to_string(), by.to_string()]);
    let arguments = each.flatten().collect();
    run(shared, SETTLE, changed.iter().map(|(need, ..)| need), arguments).await;
}

async fn run<'n>(
    shared: &Shared,
    script: &str,
    needs: impl Iterator<Item = &'n Need>,
    arguments: Vec<String>,
) -> Option<Vec<i64>> {
    let names: Vec<String> = needs.map(|need| name(&need.key)).collect();
    shared.run(&script.replace("SLICES", &SLICES.to_string()), &names, &arguments).await
}

/// A name for a count, the same in every process: it tells nothing of whom it counts.
fn name(key: &Key) -> String {
    let mut hash = Hash::default();
    match &key.whose {
        Whose::Everyone => return format!("limit:{:016x}", key.rule),
        Whose::Value(value) => hash.write(format!("value {value}").as_bytes()),
        Whose::Nobody => hash.write(b"nobody"),
        Whose::Others => hash.write(b"others"),
    }
    format!("limit:{:016x}:{:016x}", key.rule, hash.finish())
}
