using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>
/// Log events for people: one line each. Names and reasons that clients send are in the text, so whatever could move a
/// terminal's cursor, begin a line or turn text around is written as an escape, and text has a limit.
/// </summary>
/// <param name="clock">For the time of the line.</param>
public sealed class LineFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    /// <summary>The name it is chosen by.</summary>
    public const string FormatterName = "line";

    /// <summary>Characters of a text; what a stack trace says is not cut.</summary>
    public const int MaximumText = 2000;

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(clock.GetLocalNow().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write($"{WordOf(logEntry.LogLevel)}: {logEntry.Category}[{logEntry.EventId.Id.ToString(CultureInfo.InvariantCulture)}] ");
        if (text.Length <= MaximumText)
        {
            WriteText(textWriter, text);
        }
        else
        {
            WriteText(textWriter, text.AsSpan(0, MaximumText));
            textWriter.Write(string.Create(CultureInfo.InvariantCulture, $"... ({text.Length} characters)"));
        }

        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(' ');
            WriteText(textWriter, exception.ToString());
        }

        textWriter.WriteLine();
    }

    private static void WriteText(TextWriter writer, ReadOnlySpan<char> text)
    {
        int written = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (IsPlain(text[i]))
                continue;
            writer.Write(text[written..i]);
            writer.Write(text[i] is '\r' or '\n' or '\t' ? " " : $"\\u{(int)text[i]:x4}");
            written = i + 1;
        }

        writer.Write(text[written..]);
    }

    private static bool IsPlain(char c) => char.IsAscii(c)
        ? !char.IsControl(c)
        : char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string WordOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
