// Command vectors writes what the DEFLATE writer of one library version makes of files.
//
// Usage: vectors OUT FILE…  For each file and level it writes OUT/FILE.LEVEL.deflate when OUT is a
// folder, or only prints "sha256 length name level" when OUT is "-".
// The writer gets the file in writes of 32 KiB, as io.Copy does.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
)

func encode(plain []byte, level int) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	if level == -3 {
		w = stateless(&out)
	} else {
		fw, err := flate.NewWriter(&out, level)
		if err != nil {
			panic(err)
		}
		w = fw
	}
	for len(plain) > 0 {
		n := min(len(plain), 32<<10)
		if _, err := w.Write(plain[:n]); err != nil {
			panic(err)
		}
		plain = plain[n:]
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func main() {
	levels := []int{-2, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	if s := os.Getenv("LEVELS"); s != "" {
		levels = nil
		for _, f := range strings.Split(s, ",") {
			n, err := strconv.Atoi(f)
			if err != nil {
				panic(err)
			}
			levels = append(levels, n)
		}
	} else if stateless(nil) != nil {
		levels = append(levels, -3)
	}
	for _, name := range os.Args[2:] {
		plain, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		for _, level := range levels {
			out := encode(plain, level)
			if os.Args[1] != "-" {
				to := filepath.Join(os.Args[1], fmt.Sprintf("%s.%d.deflate", filepath.Base(name), level))
				if err := os.WriteFile(to, out, 0o644); err != nil {
					panic(err)
				}
			}
			fmt.Printf("%x %d %s %d\n", sha256.Sum256(out), len(out), filepath.Base(name), level)
		}
	}
}
