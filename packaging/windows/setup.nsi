; The installer for Windows: for one user, without an administrator.
;
;   makensis -DPAYLOAD=dist\sottovoce -DVERSION=0.1.0 -DICONS=icons -DOUTPUT=FILE setup.nsi
;
; PAYLOAD is the folder that ./dev build makes, ICONS the one that icons/forms.py makes. -DSIGN=PROGRAM
; names one that signs the file it is given: the uninstaller. For scripts and deployment:
;
;   FILE /S [/PATH] [/DESKTOP] [/NOOPENWITH] [/OLDER] [/D=FOLDER]      /D last, without quotes
;   FOLDER\uninstall.exe /S [/DATA=remove]                             keeps the data unless told
;
; Exit codes: 0 done; 1 given up by the user; 2 failed, and what was installed before is unchanged;
; 3 Sottovoce is open and did not close; 4 a newer one is installed, and /OLDER was not said;
; 5 this Windows is too old.

!ifndef PAYLOAD | VERSION | ICONS | OUTPUT
  !error "PAYLOAD, VERSION, ICONS and OUTPUT have to be defined."
!endif

Unicode true
ManifestSupportedOS Win10
ManifestDPIAware true
ManifestLongPathAware true
RequestExecutionLevel user
AllowSkipFiles off ; Else a silent installation would leave out what it cannot write.
!ifdef SIGN
  !uninstfinalize '"${SIGN}" "%1"' = 0
!endif
SetCompressor /SOLID lzma
SetCompressorDictSize 64

!include MUI2.nsh
!include FileFunc.nsh
!include WinVer.nsh
!include WordFunc.nsh
!include x64.nsh
!include closing.nsh
!include search-path.nsh

!define ID "app.sottovoce.Sottovoce"
!define CLASSES "Software\Classes"
!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${ID}"
!define CAPABILITIES "Software\Sottovoce\Capabilities"
!define DATA "$LOCALAPPDATA\Sottovoce" ; As system/paths.py has it.
!define INCOMING "$INSTDIR\sottovoce.new"
!define OUTGOING "$INSTDIR\sottovoce.old"
!define IS_OPEN 3
!define NEWER_INSTALLED 4
!define WINDOWS_TOO_OLD 5

Name "Sottovoce"
BrandingText "Sottovoce ${VERSION}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Sottovoce"
InstallDirRegKey HKCU "${ENTRY}" "InstallLocation"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${VERSION}.0"
VIFileVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "Sottovoce"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileDescription" "Sottovoce Setup"
VIAddVersionKey /LANG=0 "LegalCopyright" "The Sottovoce authors, Apache-2.0"

!define MUI_ICON "${ICONS}/sottovoce.ico"
!define MUI_UNICON "${ICONS}/sottovoce.ico"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${ICONS}/sottovoce.bmp"
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\sottovoce.exe"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
UninstPage custom un.AskAboutData un.HearAboutData
!insertmacro MUI_UNPAGE_INSTFILES
!include words.nsh

!insertmacro Closing ""
!insertmacro Closing "un."
!insertmacro SearchPath ""
!insertmacro SearchPath "un."

!macro ForEachPart DO
  !insertmacro ${DO} "_internal"
  !insertmacro ${DO} "sottovoce.exe"
  !insertmacro ${DO} "sottovoce-engine.exe"
!macroend

!macro PutAside NAME
  ${If} ${FileExists} "$INSTDIR\${NAME}"
    Rename "$INSTDIR\${NAME}" "${OUTGOING}\${NAME}"
  ${EndIf}
!macroend

; Undoes a change that was interrupted: what was put aside is the one before.
!macro MakeWhole NAME
  ${If} ${FileExists} "${OUTGOING}\${NAME}"
    ${If} ${FileExists} "$INSTDIR\${NAME}"
      Rename "$INSTDIR\${NAME}" "${INCOMING}\half\${NAME}"
    ${EndIf}
    Rename "${OUTGOING}\${NAME}" "$INSTDIR\${NAME}"
  ${EndIf}
!macroend

!macro PutInPlace NAME
  Rename "${INCOMING}\${NAME}" "$INSTDIR\${NAME}"
!macroend

!macro PutBack NAME
  ${If} ${FileExists} "${OUTGOING}\${NAME}"
    ${If} ${FileExists} "$INSTDIR\${NAME}"
      Rename "$INSTDIR\${NAME}" "${INCOMING}\${NAME}"
    ${EndIf}
    Rename "${OUTGOING}\${NAME}" "$INSTDIR\${NAME}"
  ${EndIf}
!macroend

!macro RemovePart NAME
  RMDir /r "$INSTDIR\${NAME}"
  Delete "$INSTDIR\${NAME}"
!macroend

; A kind of file, offered under "Open with": what opens it today goes on doing so.
!macro Offer SUFFIX KIND
  WriteRegStr HKCU "${CLASSES}\${ID}${SUFFIX}" "" "${KIND}"
  WriteRegStr HKCU "${CLASSES}\${ID}${SUFFIX}\DefaultIcon" "" "$INSTDIR\sottovoce.exe,0"
  WriteRegStr HKCU "${CLASSES}\${ID}${SUFFIX}\shell\open\command" "" \
    '"$INSTDIR\sottovoce.exe" --model "%1"'
  WriteRegNone HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids" "${ID}${SUFFIX}"
  WriteRegStr HKCU "${CAPABILITIES}\FileAssociations" "${SUFFIX}" "${ID}${SUFFIX}"
!macroend

!macro OfferNoMore SUFFIX
  DeleteRegKey HKCU "${CLASSES}\${ID}${SUFFIX}"
  DeleteRegValue HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids" "${ID}${SUFFIX}"
  DeleteRegKey /ifempty HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids"
  DeleteRegKey /ifempty HKCU "${CLASSES}\${SUFFIX}"
!macroend

Section "$(PROGRAM)" Program
  SectionIn RO
  ; Many programs have a folder of this name. Whose it is here is told by what lies beside it.
  ${If} ${FileExists} "$INSTDIR\_internal"
  ${AndIfNot} ${FileExists} "$INSTDIR\sottovoce.exe"
  ${AndIfNot} ${FileExists} "${OUTGOING}"
    StrCpy $INSTDIR "$INSTDIR\Sottovoce"
  ${EndIf}
  Call CloseSottovoce
  Pop $0
  ${If} $0 == "open"
    SetErrorLevel ${IS_OPEN}
    Quit
  ${EndIf}

  ; All of it lies beside before any of it changes places: what fails leaves the one before. Where
  ; the power failed while places changed, that is undone first.
  RMDir /r "${INCOMING}"
  SetOutPath "${INCOMING}"
  File /r "${PAYLOAD}\*"
  SetOutPath "$INSTDIR"
  ${If} ${FileExists} "${OUTGOING}"
    CreateDirectory "${INCOMING}\half"
    !insertmacro ForEachPart MakeWhole
    RMDir /r "${INCOMING}\half"
  ${EndIf}
  CreateDirectory "${OUTGOING}"
  ClearErrors
  !insertmacro ForEachPart PutAside
  ${IfNot} ${Errors}
    !insertmacro ForEachPart PutInPlace
  ${EndIf}
  ${If} ${Errors}
    !insertmacro ForEachPart PutBack
    MessageBox MB_OK|MB_ICONSTOP "$(NOT_REPLACED)" /SD IDOK
    Abort
  ${EndIf}
  RMDir /r "${INCOMING}"
  RMDir /r "${OUTGOING}"

  CreateDirectory "$INSTDIR\bin"
  FileOpen $0 "$INSTDIR\bin\sottovoce.cmd" w
  FileWrite $0 '@"%~dp0..\sottovoce-engine.exe" %*$\r$\n'
  FileClose $0
  CreateShortcut "$SMPROGRAMS\Sottovoce.lnk" "$INSTDIR\sottovoce.exe"

  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${ENTRY}" "DisplayName" "Sottovoce"
  WriteRegStr HKCU "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${ENTRY}" "DisplayIcon" "$INSTDIR\sottovoce.exe,0"
  WriteRegStr HKCU "${ENTRY}" "Publisher" "The Sottovoce authors"
  WriteRegStr HKCU "${ENTRY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${ENTRY}" "NoModify" 1
  WriteRegDWORD HKCU "${ENTRY}" "NoRepair" 1
  SectionGetSize ${Program} $0 ; KiB.
  WriteRegDWORD HKCU "${ENTRY}" "EstimatedSize" $0
SectionEnd

Section "$(OPEN_WITH)" OpenWith
  !insertmacro Offer ".gguf" "$(MODEL)"
  !insertmacro Offer ".sottovoce-bundle" "$(BUNDLE)"
  WriteRegStr HKCU "${CAPABILITIES}" "ApplicationName" "Sottovoce"
  WriteRegStr HKCU "Software\RegisteredApplications" "${ID}" "${CAPABILITIES}"
  ${RefreshShellIcons}
SectionEnd

Section /o "$(COMMAND)" Command
  Push "$INSTDIR\bin"
  Push "add"
  Call EditSearchPath
SectionEnd

Section /o "$(DESKTOP)" Desktop
  CreateShortcut "$DESKTOP\Sottovoce.lnk" "$INSTDIR\sottovoce.exe"
SectionEnd

Function .onInit
  ${IfNot} ${AtLeastWin10}
  ${OrIfNot} ${AtLeastBuild} 17763
  ${OrIfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "$(NEEDS_WINDOWS)" /SD IDOK
    SetErrorLevel ${WINDOWS_TOO_OLD}
    Quit
  ${EndIf}

  ${GetParameters} $0
  ClearErrors
  ReadRegStr $1 HKCU "${ENTRY}" "DisplayVersion"
  ${IfNot} ${Errors}
    ${VersionCompare} $1 "${VERSION}" $2
    ${If} $2 = 1
      ClearErrors
      ${GetOptions} $0 "/OLDER" $1
      ${If} ${Errors}
        MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(OLDER)" /SD IDNO IDYES go_on
        SetErrorLevel ${NEWER_INSTALLED}
        Quit
        go_on:
      ${EndIf}
    ${EndIf}
  ${EndIf}

  ClearErrors
  ${GetOptions} $0 "/PATH" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${Command}
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/DESKTOP" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${Desktop}
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/NOOPENWITH" $1
  ${IfNot} ${Errors}
    !insertmacro UnselectSection ${OpenWith}
  ${EndIf}
FunctionEnd

Function .onInstFailed
  SetOutPath "$TEMP"
  RMDir /r "${INCOMING}"
  RMDir "${OUTGOING}"
  RMDir "$INSTDIR"
FunctionEnd

Var RemovesData
Var RemoveChoice

Function un.onInit
  ${GetParameters} $0
  ${GetOptions} $0 "/DATA=" $1
  ${If} $1 == "remove"
    StrCpy $RemovesData "yes"
  ${EndIf}
FunctionEnd

Function un.AskAboutData
  ${IfNot} ${FileExists} "${DATA}"
    Abort ; Nothing to ask about: this page is passed over.
  ${EndIf}
  !insertmacro MUI_HEADER_TEXT "$(DATA)" "$(DATA_QUESTION)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 12u "$(DATA_PLACE)"
  Pop $0
  ${NSD_CreateText} 0 14u 100% 12u "${DATA}"
  Pop $0
  SendMessage $0 ${EM_SETREADONLY} 1 0
  ${NSD_CreateRadioButton} 0 38u 100% 12u "$(DATA_KEEP)"
  Pop $0
  ${NSD_CreateRadioButton} 0 54u 100% 12u "$(DATA_REMOVE)"
  Pop $RemoveChoice
  ${If} $RemovesData == "yes"
    ${NSD_Check} $RemoveChoice
  ${Else}
    ${NSD_Check} $0
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function un.HearAboutData
  StrCpy $RemovesData ""
  ${NSD_GetState} $RemoveChoice $0
  ${If} $0 = ${BST_CHECKED}
    StrCpy $RemovesData "yes"
  ${EndIf}
FunctionEnd

Section "Uninstall"
  Call un.CloseSottovoce
  Pop $0
  ${If} $0 == "open"
    SetErrorLevel ${IS_OPEN}
    Quit
  ${EndIf}

  ${If} $RemovesData == "yes"
    ; The program itself knows what it put into the keyring.
    nsExec::Exec /TIMEOUT=60000 '"$INSTDIR\sottovoce-engine.exe" protect forget --yes'
    Pop $0
    RMDir /r "${DATA}"
  ${EndIf}

  ; By name, one by one: whoever chose a folder that held other things keeps them, and so does who
  ; made the program portable, with chats in a folder beside it. Where the uninstaller was copied to,
  ; what has these names is somebody else's.
  SetOutPath "$TEMP"
  ${If} ${FileExists} "$INSTDIR\sottovoce.exe"
  ${OrIf} ${FileExists} "$INSTDIR\sottovoce-engine.exe"
    !insertmacro ForEachPart RemovePart
  ${EndIf}
  RMDir /r "${INCOMING}"
  RMDir /r "${OUTGOING}"
  Delete "$INSTDIR\bin\sottovoce.cmd"
  RMDir "$INSTDIR\bin"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"

  Delete "$SMPROGRAMS\Sottovoce.lnk"
  Delete "$DESKTOP\Sottovoce.lnk"
  Push "$INSTDIR\bin"
  Push "remove"
  Call un.EditSearchPath
  !insertmacro OfferNoMore ".gguf"
  !insertmacro OfferNoMore ".sottovoce-bundle"
  DeleteRegValue HKCU "Software\RegisteredApplications" "${ID}"
  DeleteRegKey HKCU "Software\Sottovoce"
  DeleteRegKey HKCU "${ENTRY}"
  ${un.RefreshShellIcons}
SectionEnd
