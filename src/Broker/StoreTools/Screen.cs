using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ProtoBridgeMQ.Store.Inspection;
using Spectre.Console;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>Where a command writes: text and tables for people, or one JSON value for machines, written as it comes.</summary>
internal sealed class Screen : IDisposable
{
    private const int FlushAt = 64 << 10;
    private const int WidthOfFiles = 200;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = false };

    private readonly TextWriter _output;
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushAt);

    public Screen(TextWriter output, bool isJson)
    {
        _output = output;
        IsJson = isJson;
        Json = new Utf8JsonWriter(_buffer, Relaxed);
        var target = new AnsiConsoleOutput(output);
        Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = target, Ansi = target.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        if (!target.IsTerminal)
        {
            Console.Profile.Width = WidthOfFiles;
        }
    }

    public bool IsJson { get; }

    /// <summary>The JSON value.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>For people.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Writes a line as it is.</summary>
    public void Line(string text) => _output.WriteLine(text);

    /// <summary>Hands on what was written as JSON, once it is much.</summary>
    public void Advance()
    {
        if (Json.BytesPending + _buffer.WrittenCount >= FlushAt)
        {
            FlushJson();
        }
    }

    /// <summary>Runs work under a progress bar, if this is a terminal and people look at it.</summary>
    public T WithProgress<T>(Func<IProgress<InspectionProgress>?, T> work)
    {
        if (IsJson || !Console.Profile.Out.IsTerminal)
        {
            return work(null);
        }

        T result = default!;
        Console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => result = work(new Bar(context.AddTask("reading"))));
        return result;
    }

    public void Dispose()
    {
        FlushJson();
        if (IsJson)
        {
            _output.WriteLine();
        }

        _output.Flush();
        Json.Dispose();
    }

    private void FlushJson()
    {
        Json.Flush();
        _output.Write(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        _buffer.ResetWrittenCount();
    }

    private sealed class Bar(ProgressTask task) : IProgress<InspectionProgress>
    {
        public void Report(InspectionProgress value)
        {
            task.Description = value.What;
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }
}
