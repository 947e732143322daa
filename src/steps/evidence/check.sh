#!/bin/sh
# Checks an evidence pack with stock tools: sha256sum, ssh-keygen, python3 and openssl. It changes nothing.
#
#   sh check.sh [-s SUMS] [-r ROOT] [-k KEY]
#
# SUMS: the SHA-256 of SHA256SUMS, ROOT: that of the newest trust root, KEY: the log's key, each as you have it by another way than with
# the pack. Whoever can alter the whole pack can alter this file as well: take it from the documentation if you doubt it.
# Exit code: 0 everything was proved, 1 something was refused, 3 something could not be checked for want of a tool.
set -u
LC_ALL=C
export LC_ALL
sums='' root='' key='-' refused=0 unchecked=0 signers=''
while getopts s:r:k: option; do
  case $option in
    s) sums=$OPTARG ;;
    r) root=$OPTARG ;;
    k) key=$OPTARG ;;
    *) exit 2 ;;
  esac
done
cd -- "$(dirname -- "$0")" || exit 2
tab=$(printf '\t')

proved() { printf 'proved     %s\n' "$1"; }
refused() {
  printf 'REFUSED    %s\n' "$1"
  refused=$((refused + 1))
}
unchecked() {
  printf 'UNCHECKED  %s\n' "$1"
  unchecked=$((unchecked + 1))
}
compare() { printf 'compare    %s\n' "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }
digest() { sha256sum -- "$1" 2>/dev/null | cut -c 1-64; }

# Every file is the one that was listed, and there are no others.
check_sums() {
  found=$(digest SHA256SUMS)
  if [ -z "$sums" ]; then
    compare "SHA256SUMS is $found: as you were told?"
  elif [ "$found" = "$sums" ]; then
    proved "SHA256SUMS is the list you were told of"
  else
    refused "SHA256SUMS is $found, and not the list you were told of"
  fi
  if out=$(sha256sum --check --strict --quiet -- SHA256SUMS 2>&1); then
    proved "every file is as it was listed in SHA256SUMS"
  else
    refused "SHA256SUMS: $(printf '%s' "$out" | tr '\n' ' ')"
  fi
  find . -type f | sed 's|^\./||' | sort | while read -r file; do
    case $file in
      SHA256SUMS) ;;
      # A signature over the list is not in it; the list of checks, which is, names it.
      SHA256SUMS.*.sshsig) grep -q -F -- "$tab$file${tab}SHA256SUMS" checks.tsv || printf '%s\n' "$file" ;;
      *) grep -q -F -x -- "$(digest "$file")  $file" SHA256SUMS || printf '%s\n' "$file" ;;
    esac
  done | {
    strange=0
    while read -r file; do
      printf 'REFUSED    %s is not listed in SHA256SUMS with these bytes\n' "$file"
      strange=1
    done
    exit $strange
  } || refused=$((refused + 1))
}

# signature ALLOWED REVOKED PRINCIPAL NAMESPACE SIGNATURE DOCUMENT
check_signature() {
  have ssh-keygen || { unchecked "$5: there is no ssh-keygen"; return; }
  if [ "$2" = - ]; then
    ssh-keygen -Y verify -f "$1" -I "$3" -n "$4" -s "$5" <"$6" >/dev/null 2>&1
  else
    ssh-keygen -Y verify -f "$1" -r "$2" -I "$3" -n "$4" -s "$5" <"$6" >/dev/null 2>&1
  fi
  if [ $? = 0 ]; then
    signers="$signers$1 $6 $3
"
    proved "$6 was signed by $3 ($4)"
  else
    refused "$5 is no signature of $3 over $6 ($4), by $1"
  fi
}

# people NEEDED ALLOWED DOCUMENT WHAT: counts those whose signatures were proved before.
check_people() {
  count=$(printf '%s' "$signers" | sort -u | grep -c -F -- "$2 $3 ")
  if [ "$count" -ge "$1" ]; then
    proved "$4: $count of the people who count signed, $1 are needed"
  elif ! have ssh-keygen; then
    unchecked "$4: there is no ssh-keygen"
  else
    refused "$3: $count of the people who count signed, $1 are needed ($4)"
  fi
}

# names DOCUMENT FILE: the document holds the SHA-256 of the file.
check_names() {
  found=$(digest "$2")
  if [ -n "$found" ] && grep -q -F -- "$found" "$1"; then
    proved "$2 is the file that $1 names by its digest"
  else
    refused "$2 is not the file that $1 names"
  fi
}

# listed ALLOWED ROOT: every key that may sign is in the root, and not in a comment.
check_listed() {
  bad=0
  while read -r who space type blob; do
    grep -q -F -- "\"$type $blob\"" "$2" && grep -q -F -- "\"$who\"" "$2" || bad=1
    case $space in
      'namespaces="bundle.v1@airlift"' | 'namespaces="root.v1@airlift"' | 'namespaces="approve.v1@airlift"') ;;
      'namespaces="revoke.v1@airlift"' | 'namespaces="report.v1@airlift"' | 'namespaces="checkpoint.v1@airlift"') ;;
      'namespaces="evidence.v1@airlift"') ;;
      *) bad=1 ;;
    esac
  done <"$1"
  if [ $bad = 0 ]; then proved "$1 lists nobody who is not in $2"; else refused "$1 lists somebody who is not in $2"; fi
}

# root FILE
check_root() {
  found=$(digest "$1")
  if [ -z "$root" ]; then
    compare "$1, which decides who may sign, is $found: as you were told?"
  elif [ "$found" = "$root" ]; then
    proved "$1 is the trust root you were told of"
  else
    refused "$1 is $found, and not the trust root you were told of"
  fi
}

# log FOLDER, with the checkpoints and receipts that lie in it
check_log() {
  have python3 && have openssl || { unchecked "$1: there is no python3 or no openssl"; return; }
  folder=$1
  set -- verify_log.py "$folder" "$key"
  for kept in "$folder"/checkpoints/*.note "$folder"/receipts/*; do
    [ ! -e "$kept" ] || set -- "$@" "$kept"
  done
  if out=$(python3 -I "$@" 2>&1); then
    proved "$folder: $out"
    [ "$key" != - ] || compare "the log's key, by which it was checked, stands in $folder/verifier-key: as you were told?"
  else
    refused "$folder/events.jsonl, or what is kept of it: $(printf '%s' "$out" | tail -n 1)"
  fi
}

# receipt FILE: its event is a line of the log, at the place it says.
check_receipt() {
  index=$(sed -n 's/^index //p' "$1")
  line=$(sed -n 's/^extra //p' "$1" | base64 -d 2>/dev/null)
  if [ -n "$index" ] && [ -n "$line" ] && [ "$(sed -n "$((index + 1))p" "$(dirname -- "$1")/../events.jsonl")" = "$line" ]; then
    proved "$1 is the receipt of event $index of the log"
  else
    refused "$1 is no receipt of an event of the log"
  fi
}

# text NOTE TEXT: what people cosigned is the checkpoint that the log's key signed.
check_text() {
  if head -n 3 -- "$1" | cmp -s - "$2"; then proved "$2 is what $1 says"; else refused "$2 is not what $1 says"; fi
}

check_sums
while IFS=$tab read -r what a b c d e f; do
  case $what in
    signature) check_signature "$a" "$b" "$c" "$d" "$e" "$f" ;;
    names) check_names "$a" "$b" ;;
    listed) check_listed "$a" "$b" ;;
    root) check_root "$a" ;;
    log) check_log "$a" ;;
    receipt) check_receipt "$a" ;;
    text) check_text "$a" "$b" ;;
    people) check_people "$a" "$b" "$c" "$d" ;;
    *) refused "checks.tsv holds what this script does not know: $what" ;;
  esac
done <checks.tsv
if [ $refused != 0 ]; then
  echo "$refused refused"
  exit 1
fi
if [ $unchecked != 0 ]; then
  echo "$unchecked could not be checked"
  exit 3
fi
echo "nothing was refused; what is marked \`compare\` is for you to compare"
