using System.Globalization;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>
/// The gateway as a user has it: the built program in a process of its own, on free ports and a data directory of its
/// own, ready when its banner says so.
/// </summary>
public sealed class GatewayProcess : IAsyncDisposable
{
    private const int StartAttempts = 3;

    private readonly GatewaySettings _settings;
    private readonly TempDirectory? _temporary;
    private readonly TempDirectory _files = new("gateway-files");
    private ChildProcess? _child;

    private GatewayProcess(GatewaySettings settings)
    {
        _settings = settings;
        _temporary = settings.Data is null ? new TempDirectory("gateway") : null;
        Data = settings.Data ?? _temporary!.Path;
        Ports = settings.Ports ?? GatewayPorts.Free();
    }

    /// <summary>Where it listens.</summary>
    public GatewayPorts Ports { get; private set; }

    /// <summary>Its data directory.</summary>
    public string Data { get; }

    /// <summary>Its process id.</summary>
    public int Id => Running.Id;

    /// <summary>Where its REST interface is.</summary>
    public Uri Http => new($"http://127.0.0.1:{Ports.Http}/");

    /// <summary>Its name server, as a client wants it.</summary>
    public string NameServer => $"127.0.0.1:{Ports.NameServer}";

    /// <summary>What it wrote.</summary>
    public string Output => _child?.Output ?? string.Empty;

    /// <summary>What it wrote, line by line.</summary>
    public IReadOnlyList<string> Lines => _child?.Lines ?? [];

    /// <summary>Lines that say that it failed: nothing that a client sends may make one.</summary>
    public IEnumerable<string> Failures
        => Lines.Where(line => line.Contains(" fail: ", StringComparison.Ordinal) || line.Contains(" crit: ", StringComparison.Ordinal)
            || line.StartsWith("Unhandled exception", StringComparison.Ordinal));

    /// <summary>Whether it ended, by itself or not.</summary>
    public bool HasExited => _child?.HasExited ?? true;

    /// <summary>How long the last start took, until the banner.</summary>
    public TimeSpan StartTime { get; private set; }

    private ChildProcess Running => _child ?? throw new InvalidOperationException("The gateway was not started.");

    /// <summary>Starts one and waits until it is ready.</summary>
    public static async Task<GatewayProcess> StartAsync(GatewaySettings? settings = null)
    {
        var gateway = new GatewayProcess(settings ?? new GatewaySettings());
        try
        {
            await gateway.StartAgainAsync();
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again, on the same ports and data, after <see cref="KillAsync"/> or <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        for (int attempt = 1; ; attempt++)
        {
            long begin = TimeProvider.System.GetTimestamp();
            if (_child is not null)
            {
                await _child.DisposeAsync();
            }

            _child = _settings.OpenFiles is { } files
                ? ChildProcess.Start("prlimit", [$"--nofile={files}:{files}", "dotnet", .. Arguments()], _settings.Environment, _files.Path)
                : ChildProcess.Start("dotnet", Arguments(), _settings.Environment, _files.Path);
            try
            {
                await _child.LineAsync(GatewayProgram.SaysReady, "that it is ready");
                StartTime = TimeProvider.System.GetElapsedTime(begin);
                return;
            }
            catch (XunitException) when (attempt < StartAttempts && _settings.Ports is null
                && Output.Contains("in use", StringComparison.OrdinalIgnoreCase))
            {
                // Another process took one of the ports between the look and the use.
                Ports = GatewayPorts.Free();
            }
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Running.Kill();
        await Running.ExitAsync();
    }

    /// <summary>Asks it to end, and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync()
    {
        Running.Terminate();
        return Running.ExitAsync();
    }

    /// <summary>Waits for a line of its output.</summary>
    public Task<string> LineAsync(Func<string, bool> match, string what) => Running.LineAsync(match, what);

    /// <summary>Resident anonymous memory in bytes: what it allocated, without the mapped files.</summary>
    public long AnonymousMemory()
    {
        foreach (string line in File.ReadLines($"/proc/{Id}/status"))
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
            {
                return long.Parse(line.AsSpan(8).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_child is not null)
        {
            await _child.DisposeAsync();
        }

        _temporary?.Dispose();
        _files.Dispose();
    }

    private List<string> Arguments()
    {
        List<string> arguments =
        [
            GatewayProgram.Path,
            "--data", Data,
            "--mqtt-port", Text(Ports.Mqtt),
            "--http-port", Text(Ports.Http),
        ];
        if (_settings.NameServers is { } nameServers)
        {
            arguments.AddRange(["--namesrv", nameServers]);
        }
        else
        {
            arguments.AddRange(["--namesrv-port", Text(Ports.NameServer), "--broker-port", Text(Ports.Broker)]);
        }

        if (_settings.Configuration is { } configuration)
        {
            string file = _files["gateway.json"];
            File.WriteAllText(file, configuration);
            arguments.AddRange(["--config", file]);
        }

        arguments.AddRange(_settings.Arguments);
        return arguments;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
