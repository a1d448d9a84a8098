; Closing Sottovoce politely, so that its files can be replaced or removed.
; Defines for the installer, or with "un." for the uninstaller:
;   Call CloseSottovoce    leaves "open" on the stack if it is open yet, else "closed"

!include LogicLib.nsh

!define CLOSING_STEP 250      ; Milliseconds.
!ifndef CLOSING_STEPS
  !define CLOSING_STEPS 80    ; So long it has to save and end: 20 seconds.
!endif

!macro Closing UN

; Windows lets nobody write a program's file while it runs: only this tells of every session.
Function ${UN}IsOpen
  Push $0
  Push $1
  StrCpy $1 "closed"
  ${If} ${FileExists} "$INSTDIR\sottovoce.exe"
    ClearErrors
    FileOpen $0 "$INSTDIR\sottovoce.exe" a
    ${If} ${Errors}
      StrCpy $1 "open"
    ${Else}
      FileClose $0
    ${EndIf}
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\sottovoce-engine.exe"
    ClearErrors
    FileOpen $0 "$INSTDIR\sottovoce-engine.exe" a
    ${If} ${Errors}
      StrCpy $1 "open"
    ${Else}
      FileClose $0
    ${EndIf}
  ${EndIf}
  ClearErrors
  Exch $1
  Exch
  Pop $0
FunctionEnd

; Ask every visible window of the program in this folder, and of no other, to close.
Function ${UN}AskWindowsToClose
  Push $0
  Push $1
  Push $2
  Push $3
  StrCpy $0 0
  ${Do}
    System::Call 'user32::FindWindowExW(p 0, p r0, p 0, p 0) p .r0'
    ${If} $0 P= 0
      ${Break}
    ${EndIf}
    System::Call 'user32::IsWindowVisible(p r0) i .r1'
    ${If} $1 = 0
      ${Continue}
    ${EndIf}
    System::Call 'user32::GetWindowThreadProcessId(p r0, *i .r1)'
    System::Call 'kernel32::OpenProcess(i 0x1000, i 0, i r1) p .r2' ; Query limited information.
    ${If} $2 P= 0
      ${Continue}
    ${EndIf}
    StrCpy $3 ""
    System::Call 'kernel32::QueryFullProcessImageNameW(p r2, i 0, w .r3, *i ${NSIS_MAX_STRLEN})'
    System::Call 'kernel32::CloseHandle(p r2)'
    ${If} $3 == "$INSTDIR\sottovoce.exe"
      System::Call 'user32::PostMessageW(p r0, i ${WM_CLOSE}, p 0, p 0)'
    ${EndIf}
  ${Loop}
  Pop $3
  Pop $2
  Pop $1
  Pop $0
FunctionEnd

Function ${UN}CloseSottovoce
  Push $0
  Push $1
  Call ${UN}IsOpen
  Pop $0
  ${If} $0 == "open"
    MessageBox MB_OKCANCEL|MB_ICONINFORMATION "$(CLOSE_FIRST)" /SD IDOK IDCANCEL done
    again:
    Call ${UN}AskWindowsToClose
    ${For} $1 1 ${CLOSING_STEPS}
      Sleep ${CLOSING_STEP}
      Call ${UN}IsOpen
      Pop $0
      ${If} $0 == "closed"
        ${Break}
      ${EndIf}
    ${Next}
    ${If} $0 == "open"
      MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(STILL_OPEN)" /SD IDCANCEL IDRETRY again
    ${EndIf}
    done:
  ${EndIf}
  Pop $1
  Exch $0
FunctionEnd

!macroend
