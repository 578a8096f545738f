//! The tools of the server, each of which asks the analysis and cuts the answer into pages.

use std::sync::Arc;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

use crate::analyses::Analyses;
use crate::answers::{
    self, CoverageArguments, DiffArguments, ExplainArguments, FindingsArguments, MapArguments,
    QuestionsArguments, ReviewArguments, RulesArguments,
};
use crate::page::page;
use crate::source::Source;

/// What the server says of itself when an agent connects.
const INSTRUCTIONS: &str = "\
firedoor works out which guards (log-in, roles, rate limits, CSRF and origin checks) really stand before each entry \
point of this web application, by evaluating its wiring. Nothing here changes a file. \
While you plan: `review` with the document. \
Before you change routes, middleware or sockets: `map` with a path or file. \
After a change: `diff` (against HEAD), then `findings` for the files you touched. \
Before you say that something is protected: `coverage`, and `explain` for the entry point. \
`questions` lists what you or the user must settle. A verdict of `unknown` is not `absent`, and neither is `enforced`.";

/// The server of one tree.
#[derive(Clone)]
pub struct Server {
    analyses: Arc<Analyses>,
    #[allow(dead_code, reason = "the code that the macro makes reads it")]
    tool_router: ToolRouter<Server>,
}

impl Server {
    /// Returns a server that answers about `source`.
    pub fn new(source: Arc<dyn Source>) -> Server {
        Server {
            analyses: Arc::new(Analyses::new(source)),
            tool_router: Server::tool_router(),
        }
    }

    /// Runs `work`, which may take a while, beside the connection.
    async fn answer(
        &self,
        work: impl FnOnce(&Analyses) -> Result<String, String> + Send + 'static,
    ) -> CallToolResult {
        let analyses = Arc::clone(&self.analyses);
        let done = tokio::task::spawn_blocking(move || work(&analyses)).await;
        match done {
            Ok(Ok(text)) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Ok(Err(text)) => failure(&text),
            Err(_) => failure("firedoor has a bug: the answer could not be made"),
        }
    }
}

fn failure(text: &str) -> CallToolResult {
    let text = firedoor_report::clean_lines(text);
    CallToolResult::error(vec![ContentBlock::text(text)])
}

#[tool_router]
impl Server {
    /// Entry points with their verdicts, guards and what they use, least guarded first.
    #[tool(annotations(
        title = "Entry points and their guards",
        read_only_hint = true,
        open_world_hint = false
    ))]
    async fn map(&self, Parameters(arguments): Parameters<MapArguments>) -> CallToolResult {
        self.answer(move |analyses| {
            let now = analyses.now()?;
            let answer = answers::map(&now, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &now.digest)
        })
        .await
    }

    /// How far a control covers the entry points: what is not covered or not known first, guards that cover nothing, and
    /// what could not be read or resolved.
    #[tool(annotations(
        title = "What is not covered",
        read_only_hint = true,
        open_world_hint = false
    ))]
    async fn coverage(
        &self,
        Parameters(arguments): Parameters<CoverageArguments>,
    ) -> CallToolResult {
        self.answer(move |analyses| {
            let now = analyses.now()?;
            let answer = answers::coverage(&now, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &now.digest)
        })
        .await
    }

    /// Findings with their evidence and what to do, worst first.
    #[tool(annotations(title = "Findings", read_only_hint = true, open_world_hint = false))]
    async fn findings(
        &self,
        Parameters(arguments): Parameters<FindingsArguments>,
    ) -> CallToolResult {
        self.answer(move |analyses| {
            let now = analyses.now()?;
            let answer = answers::findings(&now, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &now.digest)
        })
        .await
    }

    /// Everything about one entry point, finding or rule: each check and where its values come from, and what somebody
    /// without credentials reaches.
    #[tool(annotations(title = "Explain", read_only_hint = true, open_world_hint = false))]
    async fn explain(&self, Parameters(arguments): Parameters<ExplainArguments>) -> CallToolResult {
        self.answer(move |analyses| {
            let now = analyses.now()?;
            let answer = answers::explain(&now, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &now.digest)
        })
        .await
    }

    /// What a change does to entry points, guards and findings, the bad news first: the files on the disk, or a commit,
    /// against a base.
    #[tool(annotations(
        title = "What a change does",
        read_only_hint = true,
        open_world_hint = false
    ))]
    async fn diff(&self, Parameters(arguments): Parameters<DiffArguments>) -> CallToolResult {
        self.answer(move |analyses| {
            let (answer, digest) = answers::diff(analyses, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &digest)
        })
        .await
    }

    /// What a plan leaves open before there is code, or how the code stands to the plan that is kept.
    #[tool(annotations(title = "Plan review", read_only_hint = true, open_world_hint = false))]
    async fn review(&self, Parameters(arguments): Parameters<ReviewArguments>) -> CallToolResult {
        self.answer(move |analyses| {
            let (answer, digest) = answers::review(analyses, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &digest)
        })
        .await
    }

    /// All rules in a line each, or the page of one with examples.
    #[tool(annotations(title = "Rules", read_only_hint = true, open_world_hint = false))]
    async fn rules(&self, Parameters(arguments): Parameters<RulesArguments>) -> CallToolResult {
        self.answer(move |_| {
            let answer = answers::rules(&arguments)?;
            page(&answer, arguments.cursor.as_deref(), "rules")
        })
        .await
    }

    /// What only you or the user can settle, with the code and the command that keeps the answer.
    #[tool(annotations(title = "Questions", read_only_hint = true, open_world_hint = false))]
    async fn questions(
        &self,
        Parameters(arguments): Parameters<QuestionsArguments>,
    ) -> CallToolResult {
        self.answer(move |analyses| {
            let now = analyses.now()?;
            let answer = answers::questions(&now, &arguments)?;
            page(&answer, arguments.cursor.as_deref(), &now.digest)
        })
        .await
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("firedoor", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }
}
