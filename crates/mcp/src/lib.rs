//! Answers to coding agents, over the Model Context Protocol.
