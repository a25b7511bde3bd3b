use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// Keeps functions of the same machine code once. Nothing here tells functions apart by their addresses.
const FOLD: &str = "-Wl,--icf=all";

fn main() {
    napi_build::setup();
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") && links_with(FOLD).unwrap_or(false) {
        println!("cargo:rustc-cdylib-link-arg={FOLD}");
    }
}

/// Whether this build's linker takes an option: LLVM's does, GNU's may not, and which one it is depends on the toolchain.
fn links_with(option: &str) -> Option<bool> {
    let folder = env::var("OUT_DIR").ok()?;
    let source = Path::new(&folder).join("empty.rs");
    std::fs::write(&source, "").ok()?;
    let mut rustc = Command::new(env::var_os("RUSTC")?);
    rustc.args(["--crate-type", "cdylib", "--out-dir", &folder, "--target", &env::var("TARGET").ok()?]);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={}", linker.to_str()?));
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    rustc.args(["-C", &format!("link-arg={option}")]).arg(source);
    rustc.stdout(Stdio::null()).stderr(Stdio::null()).status().ok().map(|status| status.success())
}
