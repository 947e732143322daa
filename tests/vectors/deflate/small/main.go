// Command small prints the SHA-256 of what one library version makes of made-up inputs, all streams in a row:
// "NAME LEVEL SHA256". NAME is its argument.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/klauspost/compress/flate"
)

func main() {
	for _, level := range []int{-2, 1, 2, 3, 4, 5, 6, 7, 8, 9} {
		var out bytes.Buffer
		for _, input := range inputs() {
			w, err := flate.NewWriter(&out, level)
			if err != nil {
				panic(err)
			}
			if _, err := w.Write(input); err != nil {
				panic(err)
			}
			if err := w.Close(); err != nil {
				panic(err)
			}
		}
		fmt.Printf("%s %d %x\n", os.Args[1], level, sha256.Sum256(out.Bytes()))
	}
	blocks()
}
