// Usage: tool-go WORD FILE [TEXT]: what programs in Go do with files.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(text []byte, err error) {
	must(err)
	fmt.Print(string(text))
}

func atomically(file, text string) {
	temporary, err := os.CreateTemp(filepath.Dir(file), ".new")
	must(err)
	defer os.Remove(temporary.Name())
	_, err = temporary.WriteString(text)
	must(err)
	must(temporary.Sync())
	must(temporary.Close())
	must(os.Rename(temporary.Name(), file))
}

func copied(file, from string) {
	source, err := os.Open(from)
	must(err)
	target, err := os.Create(file)
	must(err)
	_, err = io.Copy(target, source)
	must(err)
	must(target.Close())
}

func buffered(file, text string) {
	target, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	must(err)
	writer := bufio.NewWriter(target)
	fmt.Fprint(writer, text)
	must(writer.Flush())
	must(target.Close())
}

func main() {
	word, file, text := os.Args[1], os.Args[2], strings.Join(os.Args[3:], " ")+"\n"
	switch word {
	case "ReadFile":
		show(os.ReadFile(file))
	case "WriteFile":
		must(os.WriteFile(file, []byte(text), 0o644))
	case "Copy":
		copied(file, os.Args[3])
	case "CopyFS":
		must(os.CopyFS(file, os.DirFS(os.Args[3])))
	case "atomic":
		atomically(file, text)
	case "bufio":
		buffered(file, text)
	case "WalkDir":
		must(filepath.WalkDir(file, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				fmt.Println(path)
			}
			return err
		}))
	case "Remove":
		must(os.Remove(file))
	case "Rename":
		must(os.Rename(file, os.Args[3]))
	case "Chmod":
		must(os.Chmod(file, 0o600))
	}
}
