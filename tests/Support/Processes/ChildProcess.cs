using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>
/// A program started by a test: its lines are kept for failure messages, a test can wait for one of them, and it is
/// ended by its process id, never by a name.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int MaxLines = 20_000;
    private const int SignalTerminate = 15;

    private readonly Process _process;
    private readonly string _name;
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly List<LineWait> _waits = [];
    private int _dropped;
    private int _openOutputs = 2;

    private ChildProcess(Process process, string name)
    {
        _process = process;
        _name = name;
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote to both outputs so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The output, for a failure message.</summary>
    public string Output
    {
        get
        {
            string text = string.Join('\n', Lines);
            return _dropped == 0 ? text : $"{text}\n({_dropped} lines more)";
        }
    }

    /// <summary>Starts a program with both outputs collected.</summary>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? directory = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = directory ?? Directory.GetCurrentDirectory(),
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(process, Path.GetFileName(program));
        process.OutputDataReceived += (_, line) => child.Take(line.Data);
        process.ErrorDataReceived += (_, line) => child.Take(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits for a line, also one of before; fails with the words and the output when the program ends first.</summary>
    public async Task<string> LineAsync(Func<string, bool> match, string what, TimeSpan? timeout = null)
    {
        LineWait wait;
        lock (_gate)
        {
            if (_lines.Find(line => match(line)) is { } found)
            {
                return found;
            }

            wait = new LineWait(match);
            _waits.Add(wait);
            if (_openOutputs == 0)
            {
                EndWaits();
            }
        }

        try
        {
            return await wait.Line.Task.WaitAsync(timeout ?? Waiting.Patience).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is TimeoutException or EndOfStreamException)
        {
            throw new XunitException($"{_name} did not say {what}: {failure.Message}\n{Output}");
        }
    }

    /// <summary>Waits until so many lines match.</summary>
    public async Task<IReadOnlyList<string>> LinesAsync(int count, Func<string, bool> match, string what, TimeSpan? timeout = null)
    {
        int seen = 0;
        await LineAsync(line => match(line) && Interlocked.Increment(ref seen) >= count, $"{count} times {what}", timeout).ConfigureAwait(false);
        return [.. Lines.Where(match).Take(count)];
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan? timeout = null)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(timeout ?? Waiting.Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new XunitException($"{_name} did not end\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Writes a line to its input.</summary>
    public Task WriteLineAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    /// <summary>Ends its input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Asks it to end (SIGTERM).</summary>
    public void Terminate() => Send(SignalTerminate);

    /// <summary>Ends it at once (SIGKILL).</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync().WaitAsync(Waiting.Patience).ConfigureAwait(false);
        EndWaits();
        _process.Dispose();
    }

    private void Send(int signal)
    {
        if (!_process.HasExited && kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"signal {signal} could not be sent to {_name}");
        }

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        static extern int kill(int pid, int signal);
    }

    // Null is the end of an output. The program's end does not count: its last lines may still be on their way.
    private void Take(string? line)
    {
        lock (_gate)
        {
            if (line is null)
            {
                if (--_openOutputs == 0)
                {
                    EndWaits();
                }

                return;
            }

            if (_lines.Count < MaxLines)
            {
                _lines.Add(line);
            }
            else
            {
                _dropped++;
            }

            _waits.RemoveAll(wait => wait.Offer(line));
        }
    }

    private void EndWaits()
    {
        lock (_gate)
        {
            foreach (LineWait wait in _waits)
            {
                wait.Line.TrySetException(new EndOfStreamException("it ended"));
            }

            _waits.Clear();
        }
    }

    private sealed class LineWait(Func<string, bool> match)
    {
        public TaskCompletionSource<string> Line { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Offer(string line) => match(line) && Line.TrySetResult(line);
    }
}
