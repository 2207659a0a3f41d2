//! A disk without room for the state file of a program that is started with it.

use std::path::PathBuf;
use std::process::Command;

use super::project::Project;

/// As long as it is full, what a program of the project writes to its state file fails as the system's `ENOSPC`.
pub struct FullDisk {
    sign: PathBuf,
}

impl FullDisk {
    /// Set up for the programs that the project starts from now on, with room for now.
    pub fn new(project: &mut Project) -> FullDisk {
        let (library, sign) = (project.path("full_disk.so"), project.path("disk is full"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/full_disk.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .args([source, "-ldl"])
            .status();
        assert!(built.expect("cc runs").success());
        project
            .env("LD_PRELOAD", &library.display().to_string())
            .env("FULL_WHILE", &sign.display().to_string());
        FullDisk { sign }
    }

    pub fn fill(&self) {
        std::fs::write(&self.sign, "").expect("a file");
    }

    pub fn make_room(&self) {
        std::fs::remove_file(&self.sign).expect("it was full");
    }
}
