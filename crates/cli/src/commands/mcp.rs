//! `firedoor mcp`: answers to coding agents about one tree, over the Model Context Protocol.

use std::sync::Arc;

use clap::Args;

use crate::arguments::{Common, Tree};
use crate::output;
use crate::user_error::UserError;
use crate::workspace::Workspace;

/// What is shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  firedoor mcp                            on standard input and output, for an agent that starts it
  firedoor mcp services/api               about one folder
  firedoor mcp --http 7341                at http://127.0.0.1:7341/mcp, for this machine alone
  claude mcp add firedoor -- firedoor mcp

It changes nothing. `firedoor init --agent claude` registers it.";

/// About what, and how.
#[derive(Args, Debug)]
pub struct Mcp {
    /// What to answer about.
    #[command(flatten)]
    pub tree: Tree,
    /// Answer over HTTP on this port of this machine; 0 takes any
    #[arg(long, value_name = "PORT")]
    pub http: Option<u16>,
}

/// Runs the command and returns the exit status.
pub(super) fn mcp(arguments: &Mcp, common: &Common) -> Result<u8, UserError> {
    let workspace = Workspace::open(&arguments.tree.path, common.config.as_deref())?;
    // Settings that are broken from the start are better told to whoever starts it than to the agent.
    workspace.configuration()?;
    let source = Arc::new(workspace);
    let served = match arguments.http {
        None => firedoor_mcp::serve_stdio(source),
        Some(port) => firedoor_mcp::serve_http(source, port, |address| {
            if !common.quiet {
                output::complain(&format!("answering at http://{address}/mcp"));
            }
        }),
    };
    served.map_err(UserError::Server)?;
    Ok(0)
}
