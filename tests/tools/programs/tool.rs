// Usage: tool-rust WORD FILE [TEXT]: what programs in Rust do with files.
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Error, Write};
use std::{env, process};

fn atomically(file: &str, text: &str) -> Result<(), Error> {
    let temporary = format!("{file}.new");
    fs::write(&temporary, text)?;
    fs::rename(&temporary, file).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        error
    })
}

fn run(words: &[String]) -> Result<(), Error> {
    let file = words[2].as_str();
    let more = words.get(3).cloned().unwrap_or_default();
    let text = more.clone() + "\n";
    match words[1].as_str() {
        "read_to_string" => print!("{}", fs::read_to_string(file)?),
        "lines" => {
            for line in BufReader::new(fs::File::open(file)?).lines() {
                println!("{}", line?);
            }
        }
        "write" => fs::write(file, text)?,
        "BufWriter" => {
            let mut writer = BufWriter::new(OpenOptions::new().write(true).truncate(true).open(file)?);
            writer.write_all(text.as_bytes())?;
            writer.flush()?;
        }
        "append" => OpenOptions::new().append(true).open(file)?.write_all(text.as_bytes())?,
        "copy" => {
            fs::copy(&more, file)?;
        }
        "atomic" => atomically(file, &text)?,
        "remove_file" => fs::remove_file(file)?,
        "rename" => fs::rename(file, &more)?,
        "len" => println!("{}", fs::metadata(file)?.len()),
        word => panic!("{word}"),
    }
    Ok(())
}

fn main() {
    let words: Vec<String> = env::args().collect();
    if let Err(error) = run(&words) {
        eprintln!("{error}");
        process::exit(1);
    }
}
