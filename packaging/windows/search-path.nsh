; The user's search path for programs, of any length: NSIS's own strings end at 1024 characters, and
; a longer path read into one would be cut when it is written again.
; Defines for the installer, or with "un." for the uninstaller:
;   Push FOLDER, Push "add" or "remove", Call EditSearchPath

!include LogicLib.nsh

!define CURRENT_USER -2147483647
!define UNEXPANDED_TEXT 0x10000006 ; RRF_NOEXPAND, REG_SZ or REG_EXPAND_SZ.
!define NOT_FOUND 2

!macro SearchPath UN

Function ${UN}EditSearchPath
  Exch $R1 ; What to do.
  Exch
  Exch $R0 ; The folder.
  Push $0 ; Result.
  Push $1 ; Kind of the value: REG_SZ or REG_EXPAND_SZ.
  Push $2 ; Bytes.
  Push $3 ; The path, between semicolons.
  Push $4 ; A place in it.
  Push $5
  Push $6 ; The folder, between semicolons.
  StrCpy $6 ";$R0;"
  StrCpy $1 2
  StrCpy $2 0
  System::Call 'advapi32::RegGetValueW(p ${CURRENT_USER}, w "Environment", w "Path", \
    i ${UNEXPANDED_TEXT}, *i .r1, p 0, *i 0 r2) i .r0'
  ${If} $0 = ${NOT_FOUND}
    StrCpy $1 2
    StrCpy $2 0
  ${ElseIf} $0 <> 0
    Goto unknown ; Not text, or not ours to read: it stays as it is.
  ${EndIf}

  StrLen $4 $6
  IntOp $4 $4 * 2
  IntOp $4 $4 + $2
  IntOp $4 $4 + 16
  System::Alloc $4
  Pop $3
  System::Call 'kernel32::lstrcpyW(p r3, w ";")'
  ${If} $2 > 2
    IntPtrOp $4 $3 + 2
    System::Call 'advapi32::RegGetValueW(p ${CURRENT_USER}, w "Environment", w "Path", \
      i ${UNEXPANDED_TEXT}, p 0, p r4, *i r2) i .r0'
    ${If} $0 <> 0
      Goto over
    ${EndIf}
    System::Call 'kernel32::lstrcatW(p r3, w ";")'
  ${EndIf}

  System::Call 'shlwapi::StrStrIW(p r3, w r6) p .r4'
  ${If} $4 P<> 0
    StrLen $5 $6
    IntOp $5 $5 - 1
    IntOp $5 $5 * 2
    IntPtrOp $5 $4 + $5
    System::Call 'kernel32::lstrlenW(p r5) i .r2'
    IntOp $2 $2 + 1
    IntOp $2 $2 * 2
    System::Call 'kernel32::RtlMoveMemory(p r4, p r5, p r2)'
  ${EndIf}
  ${If} $R1 == "add"
    System::Call 'kernel32::lstrcatW(p r3, w "$R0;")'
  ${EndIf}

  System::Call 'kernel32::lstrlenW(p r3) i .r2'
  ${If} $2 <= 1
    DeleteRegValue HKCU "Environment" "Path"
  ${Else}
    IntOp $2 $2 - 1
    IntOp $2 $2 * 2 ; Bytes without the first semicolon, with a zero for the last.
    IntPtrOp $4 $3 + $2
    System::Call '*$4(&i2 0)'
    IntPtrOp $4 $3 + 2
    System::Call 'advapi32::RegSetKeyValueW(p ${CURRENT_USER}, w "Environment", w "Path", \
      i r1, p r4, i r2)'
  ${EndIf}
  SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
  over:
  System::Free $3
  unknown:
  Pop $6
  Pop $5
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  Pop $0
  Pop $R0
  Pop $R1
FunctionEnd

!macroend
