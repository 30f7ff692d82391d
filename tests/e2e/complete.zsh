# Prints what zsh offers for a command line, one candidate a line:  zsh -f complete.zsh LINE
# The shell that completes has a terminal of its own; its compadd prints what it is given.
zmodload zsh/zpty
comptest() {
  zpty z zsh -f -i
  local line
  zpty -w z 'PS1=; PS2=; autoload -Uz compinit && compinit -u -D; setopt nolistambiguous; unset zle_bracketed_paste; LISTMAX=10000'
  zpty -w z 'source <(sessync completion zsh)'
  # Each candidate on a line of its own, between marks.
  zpty -w z "zle_complete() { compadd() { if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return \$?; fi; typeset -a hits; builtin compadd -A hits \"\$@\"; local h; for h in \$hits; print -r -- \"<\$h>\"; builtin compadd \"\$@\"; }; _main_complete; compstate[insert]=; compstate[list]=; print DO'NE'; }"
  zpty -w z 'zle -C zle_complete complete-word zle_complete; bindkey "^I" zle_complete; print REA""DY'
  zpty -r -m z line '*READY*'
  zpty -n -w z "$1"$'\t'
  zpty -r -m z line '*DONE*'
  zpty -d z
  print -r -- "$line" | tr -d '\r' | sed -n 's/^.*<\([^>]*\)>$/\1/p' | sort -u
}
comptest "$1"
