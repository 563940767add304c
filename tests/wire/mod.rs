//! HTTP/1.1 as bytes over a socket, for tests that must see exactly what is on the wire.

#![allow(dead_code, clippy::unwrap_used)] // a test that panics has failed

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

pub async fn get(address: SocketAddr, path: &str) -> Reply {
    send(address, &format!("GET {path} HTTP/1.1\r\nhost: registry.example\r\nconnection: close\r\n\r\n")).await
}

/// Sends bytes that ask for the connection to be closed, and reads until it is.
pub async fn send(address: SocketAddr, request: impl AsRef<[u8]>) -> Reply {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_ref()).await.unwrap();
    let mut bytes = Vec::new();
    // A reset behind a complete answer says nothing new.
    let _ = socket.read_to_end(&mut bytes).await;
    parse(&bytes).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)))
}

pub fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Some(Reply { status, headers, body: bytes[end + 4..].to_vec() })
}
