//! The two ways to the server: standard input and output, and HTTP for this machine alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::server::Server;
use crate::source::Source;

/// The most bytes of one request: arguments are short.
const LARGEST: usize = 1 << 20;

/// Answers on standard input and output until the input ends.
///
/// # Errors
/// If the other side does not speak the protocol, in words.
pub fn serve_stdio(source: Arc<dyn Source>) -> Result<(), String> {
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        let (input, output) = rmcp::transport::stdio();
        serve_transport(Server::new(source), input, output).await
    });
    // A read of standard input cannot be taken back, and nobody waits for it.
    runtime.shutdown_background();
    done
}

/// Answers on any pair of streams until the input ends.
///
/// # Errors
/// If the other side does not speak the protocol, in words.
pub async fn serve_transport<R, W>(server: Server, input: R, output: W) -> Result<(), String>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(LARGEST);
    let running = server.serve(transport).await;
    let running = running.map_err(|error| format!("the connection failed: {error}"))?;
    let ended = running.waiting().await;
    ended
        .map(|_| ())
        .map_err(|error| format!("the connection failed: {error}"))
}

/// Answers over HTTP at `/mcp` on the loopback address, for ever; `ready` is told the address.
///
/// Any page in a browser can send requests to this machine. So the name that was asked for must be this machine's, which
/// a name of somebody else's that leads here is not, and a request that says which page it is from is refused.
///
/// # Errors
/// If the port cannot be had, in words.
pub fn serve_http(
    source: Arc<dyn Source>,
    port: u16,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), String> {
    runtime()?.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(|error| format!("port {port} cannot be had: {error}"))?;
        let address = listener
            .local_addr()
            .map_err(|error| format!("port {port} cannot be had: {error}"))?;
        ready(address);
        axum::serve(listener, router(source))
            .await
            .map_err(|error| format!("the server ended: {error}"))
    })
}

/// Returns the routes of the server.
fn router(source: Arc<dyn Source>) -> axum::Router {
    let server = Server::new(source);
    // Nothing is remembered between requests, so there are no sessions that could be taken over or pile up.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(LARGEST)
        .with_allowed_hosts(["localhost", "127.0.0.1", "::1"])
        .enforce_origin_validation();
    let service: StreamableHttpService<Server, LocalSessionManager> =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config);
    axum::Router::new().nest_service("/mcp", service)
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("no threads can be had: {error}"))
}
