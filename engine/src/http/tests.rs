//! The network against scripted sockets.
