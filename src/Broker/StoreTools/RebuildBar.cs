using System.Globalization;
using ProtoBridgeMQ.Store.Recovery;
using Spectre.Console;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>A bar that shows how far a rebuild is, on a terminal: one line that is written over.</summary>
internal sealed class RebuildBar : IProgress<RecoveryProgress>
{
    private const int Width = 40;

    private readonly TextWriter _output;
    private int _shown = -1;

    /// <summary>A bar on an output that is one for people.</summary>
    internal RebuildBar(TextWriter output) => _output = output;

    /// <summary>A bar; null when the output is no terminal, where lines are logged instead.</summary>
    public static RebuildBar? On(TextWriter output) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Profile.Out.IsTerminal ? new RebuildBar(output) : null;

    public void Report(RecoveryProgress value)
    {
        int percent = (int)(value.Share * 100);
        if (percent == _shown)
        {
            return;
        }

        _shown = percent;
        _output.Write(string.Create(CultureInfo.InvariantCulture, $"\r{(value.IsRebuild ? "Rebuilding" : "Recovering")} [{new string('#', percent * Width / 100).PadRight(Width, '.')}] {percent} %, {value.Entries} queue entries "));
        if (percent == 100)
        {
            _output.WriteLine();
        }

        _output.Flush();
    }
}
