// Command pgzip writes what the pgzip library makes of files, without the gzip header and trailer.
//
// Usage: pgzip OUT BLOCK FILE…
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/pgzip"
)

func main() {
	block, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	for _, name := range os.Args[3:] {
		plain, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		for _, level := range []int{-2, 1, 2, 3, 4, 5, 6, 7, 8, 9} {
			var out bytes.Buffer
			w, err := pgzip.NewWriterLevel(&out, level)
			if err != nil {
				panic(err)
			}
			if err := w.SetConcurrency(block, 2); err != nil {
				panic(err)
			}
			if _, err := w.Write(plain); err != nil {
				panic(err)
			}
			if err := w.Close(); err != nil {
				panic(err)
			}
			stream := out.Bytes()[10 : out.Len()-8]
			if os.Args[1] != "-" {
				to := filepath.Join(os.Args[1], fmt.Sprintf("%s.%d.deflate", filepath.Base(name), level))
				if err := os.WriteFile(to, stream, 0o644); err != nil {
					panic(err)
				}
			}
			fmt.Printf("%x %d %s %d\n", sha256.Sum256(stream), len(stream), filepath.Base(name), level)
		}
	}
}
