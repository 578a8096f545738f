//! `firedoor probe`: a running instance is asked whether it is as the map says.

use std::time::Duration;

use clap::Args;
use firedoor_proof::probe::{Manner, Ruling, Target, TargetError, probe};
use firedoor_report::{PROBE_FORMATS, ProbeContext};

use super::{FOUND, analyse_tree, view, write};
use crate::arguments::{Common, Tree};
use crate::progress;
use crate::user_error::UserError;

const EXAMPLES: &str = "\
Examples:
  firedoor probe --base-url http://127.0.0.1:3000
  firedoor probe --base-url http://127.0.0.1:3000/v2 services/api --app src/server.js
  firedoor probe --base-url http://127.0.0.1:3000 --unsafe      an instance that may be changed
  firedoor probe --base-url http://staging.local --allow-host staging.local

Exit status:
  0  nothing of the following
  1  a verdict is refuted, or a finding at or above --fail-on is confirmed

Ask only what is yours. No credentials are sent and none are guessed.";

/// Headers that prove who is asking.
const CREDENTIALS: [&str; 7] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
];

/// What to ask.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Probe {
    /// What to analyse.
    #[command(flatten)]
    pub tree: Tree,
    /// The address of the running instance, such as http://127.0.0.1:3000
    #[arg(long, value_name = "URL")]
    pub base_url: String,
    /// The host of the address once more, if it is not this machine
    #[arg(long, value_name = "HOST")]
    pub allow_host: Option<String>,
    /// Also send requests that may change something (POST, PUT, PATCH, DELETE with `{}`), and messages
    #[arg(long = "unsafe")]
    pub is_unsafe: bool,
    /// Ask the entry points of this application only: the file of the application object, as the map names it
    #[arg(long, value_name = "FILE")]
    pub app: Option<String>,
    /// Send this header along; one that proves who is asking needs --with-credentials
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// Let headers prove who is asking; that somebody is let in says nothing then
    #[arg(long)]
    pub with_credentials: bool,
    /// The most requests a second
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: u32,
    /// The seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub timeout: u64,
    /// The seconds that a connection is watched for whether it is closed
    #[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub patience: u64,
}

/// Runs the command and returns the exit status.
pub(super) fn probe_instance(arguments: &Probe, common: &Common) -> Result<u8, UserError> {
    let name = common.format.name;
    let mut formats = PROBE_FORMATS.iter();
    let Some((_, render)) = formats.find(|(format, _)| *format == name) else {
        return Err(UserError::NoSuchFormat {
            command: "probe",
            format: name.to_owned(),
            known: PROBE_FORMATS.iter().map(|(name, _)| *name).collect(),
        });
    };
    let target = Target::parse(&arguments.base_url, arguments.allow_host.as_deref())?;
    let manner = manner(arguments)?;
    let (files, report) = analyse_tree(&arguments.tree, common)?;
    let bar = progress::probing(common.quiet);
    let probe = probe(&report, &target, &manner, |number| {
        bar.set_length(number as u64);
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let address = target.to_string();
    let context = ProbeContext {
        files: &files,
        report: &report,
        probe: &probe,
        target: &address,
        view: view(common),
    };
    write(&render(&context), common)?;
    let fail_on = common.fail_on.severity();
    let is_bad = context.findings().any(|probed| {
        let severity = report.findings[probed.finding].finding.severity;
        probed.ruling == Ruling::Confirmed && fail_on.is_some_and(|least| severity >= least)
    });
    let is_wrong = probe.entries.iter().any(|it| it.ruling == Ruling::Refuted);
    Ok(if is_bad || is_wrong { FOUND } else { 0 })
}

fn manner(arguments: &Probe) -> Result<Manner, UserError> {
    let mut headers = Vec::new();
    let mut has_credentials = false;
    for header in &arguments.headers {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| UserError::Header(header.clone()))?;
        let (name, value) = (name.trim(), value.trim());
        let is_well_formed = !name.is_empty()
            && name
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
            && !value.chars().any(char::is_control);
        if !is_well_formed {
            return Err(UserError::Header(header.clone()));
        }
        let is_credential = CREDENTIALS.contains(&name.to_ascii_lowercase().as_str());
        if is_credential && !arguments.with_credentials {
            return Err(UserError::Credentials(name.to_owned()));
        }
        has_credentials |= is_credential || arguments.with_credentials;
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(Manner {
        is_unsafe: arguments.is_unsafe,
        rate: arguments.rate,
        timeout: Duration::from_secs(arguments.timeout),
        patience: Duration::from_secs(arguments.patience),
        headers,
        has_credentials,
        app: arguments.app.clone(),
    })
}

impl From<TargetError> for UserError {
    fn from(error: TargetError) -> UserError {
        UserError::Target(error)
    }
}
