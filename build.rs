//! Compiles `proto/nospy/v1` for the feature `rpc`: protox reads the files, so no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    #[cfg(feature = "rpc")]
    service::compile()?;
    Ok(())
}

#[cfg(feature = "rpc")]
mod service {
    use std::error::Error;
    use std::path::PathBuf;

    use protox::Compiler;

    const FILES: [&str; 4] =
        ["nospy/v1/registry.proto", "nospy/v1/log.proto", "nospy/v1/dockets.proto", "nospy/v1/directory.proto"];

    /// Writes `nospy.v1.rs` (messages, clients, servers) and `nospy.v1.bin` (descriptors for reflection) to `OUT_DIR`.
    pub fn compile() -> Result<(), Box<dyn Error>> {
        let mut compiler = Compiler::new(["proto"])?;
        compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
        let out_dir = PathBuf::from(std::env::var("OUT_DIR")?);
        std::fs::write(out_dir.join("nospy.v1.bin"), compiler.encode_file_descriptor_set())?;
        tonic_prost_build::configure().compile_fds(compiler.file_descriptor_set())?;
        Ok(())
    }
}
