//! Rules as tables.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, SystemTime};

use beamline_proto::query::{
    ListSamplingRulesResponse, SamplingRule, SimulateSamplingResponse, SimulatedRule, UsedSamplingRule,
};

use crate::cli::WhenArgs;
use crate::show::screen::{ERROR, GOOD, HEADING, PLAIN, QUIET, SERVICE, Screen};
use crate::show::table::{Align, Cell, Table};
use crate::show::words;

/// The rules, and what clients make of them.
pub(super) fn rules(answer: &ListSamplingRulesResponse, screen: &mut Screen) -> anyhow::Result<()> {
    let (paint, width) = (screen.paint, screen.width);
    let changed = match &answer.changed {
        Some(changed) => format!("changed last {} UTC", words::moment(Some(changed))),
        None => "never changed".to_owned(),
    };
    writeln!(
        screen,
        "{}, {changed}; what clients reported since {} UTC\n",
        paint.text(HEADING, words::counted(answer.rules.len() as u64, "rule")),
        words::moment(answer.since.as_ref()),
    )?;
    let mut table = Table::new([
        ("RULE", Align::Left),
        ("PRIORITY", Align::Right),
        ("RESERVOIR", Align::Right),
        ("RATE", Align::Right),
        ("CLIENTS", Align::Right),
        ("LEASED", Align::Right),
        ("REQUESTS/S", Align::Right),
        ("SAMPLED/S", Align::Right),
        ("EFFECTIVE", Align::Right),
        ("FOR", Align::Left),
    ]);
    let seconds = since(answer.since.as_ref()).as_secs_f64().max(1.0);
    for used in &answer.rules {
        if let Some(rule) = &used.rule {
            table.row(rule_row(rule, used, seconds));
        }
    }
    table.print(screen, paint, width)?;
    Ok(())
}

fn rule_row(rule: &SamplingRule, used: &UsedSamplingRule, seconds: f64) -> [Cell; 10] {
    let style = if used.clients > 0 { SERVICE } else { QUIET };
    let rate = match used.boosted_rate {
        Some(boosted) => Cell::new(format!("{} ↑", percent(boosted)), ERROR),
        None => Cell::from(percent(rule.fixed_rate)),
    };
    // Some SDKs count what they borrowed among what they sampled, so a part above the whole means no more than all.
    let sampled = used.sampled.min(used.requests);
    let mut about = about(rule);
    if used.skipped_by_sdks {
        about.push_str(" (X-Ray SDKs skip it)");
    }
    [
        Cell::new(rule.name.clone(), style),
        Cell::from(rule.priority.to_string()),
        Cell::from(format!("{}/s", words::count(u64::from(rule.reservoir)))),
        rate,
        Cell::from(words::count(used.clients)),
        Cell::from(format!("{}/s", words::count(used.leased))),
        Cell::from(words::rate(used.requests as f64 / seconds)),
        Cell::from(words::rate(used.sampled as f64 / seconds)),
        Cell::from(words::share(sampled, used.requests)),
        Cell::new(about, QUIET),
    ]
}

/// What a rule asks for, without what it leaves open: `POST shop.example.com/pay* service=checkout`.
fn about(rule: &SamplingRule) -> String {
    let asked = |pattern: &str| !pattern.is_empty() && pattern != "*";
    let mut parts = Vec::new();
    if asked(&rule.http_method) {
        parts.push(rule.http_method.clone());
    }
    let url = [&rule.host, &rule.url_path].map(|part| if asked(part) { part.as_str() } else { "" });
    if url.concat() != "" {
        parts.push(url.concat());
    }
    let attributes: BTreeMap<&String, &String> = rule.attributes.iter().collect();
    let named = [
        ("service", &rule.service_name),
        ("type", &rule.service_type),
        ("resource", &rule.resource_arn),
    ];
    let named = named.into_iter().filter(|(_, pattern)| asked(pattern));
    parts.extend(named.map(|(name, pattern)| format!("{name}={pattern}")));
    parts.extend(attributes.iter().map(|(key, pattern)| format!("{key}={pattern}")));
    if parts.is_empty() {
        return "everything".to_owned();
    }
    parts.join(" ")
}

/// What rules would have kept, beside what the current ones would.
pub(super) fn simulation(
    answer: &SimulateSamplingResponse,
    when: &WhenArgs,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let (paint, width) = (screen.paint, screen.width);
    let mut heading = vec![
        paint.text(HEADING, words::counted(answer.requests, "request")),
        format!("in the last {}", humantime::format_duration(when.since)),
    ];
    if answer.represented > answer.requests as f64 {
        heading.push(format!("standing for {}", amount(answer.represented)));
    }
    writeln!(
        screen,
        "{}; what clients do not sample is not among them\n",
        heading.join(" ")
    )?;
    let mut table = Table::new([
        ("RULE", Align::Left),
        ("MATCHES", Align::Right),
        ("RESERVOIR", Align::Right),
        ("RATE", Align::Right),
        ("KEPT", Align::Right),
        ("SHARE", Align::Right),
        ("NOW MATCHES", Align::Right),
        ("NOW KEPT", Align::Right),
        ("NOW SHARE", Align::Right),
        ("CHANGE", Align::Right),
    ]);
    for (name, tried, current) in pairs(answer) {
        table.row(simulation_row(name, PLAIN, tried, current));
    }
    let (tried, current) = (sum(&answer.tried), sum(&answer.current));
    table.row(simulation_row("all", HEADING, Some(&tried), Some(&current)));
    table.print(screen, paint, width)?;
    Ok(())
}

/// Each rule that is tried with the current one of its name, in order; then those that would be no more.
fn pairs(answer: &SimulateSamplingResponse) -> Vec<(&str, Option<&SimulatedRule>, Option<&SimulatedRule>)> {
    fn name(simulated: &SimulatedRule) -> &str {
        simulated.rule.as_ref().map_or("?", |rule| &rule.name)
    }
    fn find<'a>(rules: &'a [SimulatedRule], wanted: &str) -> Option<&'a SimulatedRule> {
        rules.iter().find(|rule| name(rule) == wanted)
    }
    let tried = answer.tried.iter();
    let tried = tried.map(|rule| (name(rule), Some(rule), find(&answer.current, name(rule))));
    let gone = answer
        .current
        .iter()
        .filter(|rule| find(&answer.tried, name(rule)).is_none());
    tried.chain(gone.map(|rule| (name(rule), None, Some(rule)))).collect()
}

fn sum(rules: &[SimulatedRule]) -> SimulatedRule {
    let mut sum = SimulatedRule::default();
    for rule in rules {
        sum.seen += rule.seen;
        sum.matched += rule.matched;
        sum.by_reservoir += rule.by_reservoir;
        sum.by_rate += rule.by_rate;
    }
    sum
}

fn kept(rule: &SimulatedRule) -> f64 {
    rule.by_reservoir + rule.by_rate
}

fn simulation_row(
    name: &str,
    style: anstyle::Style,
    tried: Option<&SimulatedRule>,
    current: Option<&SimulatedRule>,
) -> [Cell; 10] {
    let cell = |rule: Option<&SimulatedRule>, of: fn(&SimulatedRule) -> String| match rule {
        Some(rule) => Cell::new(of(rule), style),
        None => Cell::new("-", QUIET),
    };
    let share = |rule: &SimulatedRule| match rule.matched {
        matched if matched > 0.0 => percent(kept(rule) / matched),
        _ => "-".to_owned(),
    };
    let change = tried.map_or(0.0, kept) - current.map_or(0.0, kept);
    let change = match change {
        change if change.abs() < 0.05 => Cell::new("=", QUIET),
        change if change > 0.0 => Cell::new(format!("+{}", amount(change)), GOOD),
        change => Cell::new(format!("−{}", amount(-change)), ERROR),
    };
    [
        Cell::new(name, if style == PLAIN { SERVICE } else { style }),
        cell(tried, |rule| amount(rule.matched)),
        cell(tried, |rule| amount(rule.by_reservoir)),
        cell(tried, |rule| amount(rule.by_rate)),
        cell(tried, |rule| amount(kept(rule))),
        cell(tried, share),
        cell(current, |rule| amount(rule.matched)),
        cell(current, |rule| amount(kept(rule))),
        cell(current, share),
        change,
    ]
}

/// A number of requests that need not be whole: `0.4`, `12`, `1,204`.
fn amount(requests: f64) -> String {
    let rounded = requests.round();
    if requests < 10.0 && (requests - rounded).abs() >= 0.05 {
        format!("{requests:.1}")
    } else {
        words::count(rounded as u64)
    }
}

/// A share from 0 to 1 as people write it: `0%`, `0.25%`, `12%`.
fn percent(share: f64) -> String {
    let percent = format!("{:.2}", share * 100.0);
    format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'))
}

fn since(time: Option<&prost_types::Timestamp>) -> Duration {
    let time = time.and_then(|time| SystemTime::try_from(*time).ok());
    time.and_then(|time| time.elapsed().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simulated(name: &str, matched: f64, by_reservoir: f64, by_rate: f64) -> SimulatedRule {
        SimulatedRule {
            rule: Some(SamplingRule {
                name: name.to_owned(),
                ..SamplingRule::default()
            }),
            seen: matched as u64,
            matched,
            by_reservoir,
            by_rate,
        }
    }

    #[test]
    fn rules_stand_beside_their_current_selves_and_those_that_go_come_last() {
        let answer = SimulateSamplingResponse {
            tried: vec![simulated("new", 1.0, 1.0, 0.0), simulated("Default", 2.0, 1.0, 0.1)],
            current: vec![simulated("gone", 3.0, 3.0, 0.0), simulated("Default", 0.0, 0.0, 0.0)],
            ..SimulateSamplingResponse::default()
        };
        let told: Vec<_> = pairs(&answer)
            .into_iter()
            .map(|(name, tried, current)| (name, tried.map(|it| it.matched), current.map(|it| it.matched)))
            .collect();
        let expected = [
            ("new", Some(1.0), None),
            ("Default", Some(2.0), Some(0.0)),
            ("gone", None, Some(3.0)),
        ];
        assert_eq!(told, expected);
        assert_eq!(kept(&sum(&answer.tried)), 2.1);
    }

    #[test]
    fn numbers_are_as_exact_as_people_need_them() {
        let amounts = [0.0, 0.04, 0.44, 1.0, 9.96, 12.4, 1_204.0].map(amount);
        assert_eq!(amounts, ["0", "0", "0.4", "1", "10", "12", "1,204"]);
        let percents = [0.0, 0.0025, 0.05, 0.123, 1.0].map(percent);
        assert_eq!(percents, ["0%", "0.25%", "5%", "12.3%", "100%"]);
    }

    #[test]
    fn a_rule_is_told_by_what_it_asks_for() {
        let mut rule = SamplingRule::default();
        assert_eq!(about(&rule), "everything");
        (rule.http_method, rule.host, rule.url_path) = ("POST".to_owned(), "shop".to_owned(), "/pay*".to_owned());
        rule.service_name = "checkout".to_owned();
        rule.attributes.insert("tier".to_owned(), "gold".to_owned());
        assert_eq!(about(&rule), "POST shop/pay* service=checkout tier=gold");
        rule.host = "*".to_owned();
        rule.http_method = "*".to_owned();
        assert_eq!(about(&rule), "/pay* service=checkout tier=gold");
    }
}
