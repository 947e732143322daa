{{ define "redefined" }}second{{ end }}
