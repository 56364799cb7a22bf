using System.CommandLine;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli;

/// <summary>The options of all commands, and the one way in which a command runs: its failures become a line and a number here.</summary>
internal sealed class CommonOptions
{
    public const string NameServersVariable = "PBMQ_NAMESRV";
    public const string HttpVariable = "PBMQ_HTTP";

    private const string DefaultNameServers = "127.0.0.1:9876";
    private const string DefaultHttp = "http://127.0.0.1:8080";

    private readonly Option<string> _nameServers = new("--namesrv")
    {
        Description = $"name servers, host:port;host:port ({NameServersVariable}; default {DefaultNameServers})",
        HelpName = "ADDRESSES",
        Recursive = true,
    };

    private readonly Option<string> _http = new("--http")
    {
        Description = $"the gateway's HTTP address, for doctor ({HttpVariable}; default {DefaultHttp})",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string> _timeout = new("--timeout")
    {
        Description = "how long one request may take (default 5s)",
        HelpName = "TIME",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "JSON on the standard output, for scripts", Recursive = true };
    private readonly SignIn _signIn;
    private readonly TextWriter _output;
    private readonly TextWriter _error;

    public CommonOptions(RootCommand root, TextWriter output, TextWriter error)
    {
        _output = output;
        _error = error;
        root.Options.Add(_nameServers);
        root.Options.Add(_http);
        root.Options.Add(_timeout);
        root.Options.Add(_json);
        _signIn = new SignIn(root);
    }

    /// <summary>Gives a command what it does.</summary>
    public Command Act(Command command, Func<Invocation, Task<int>> action)
    {
        command.SetAction((parsed, cancel) => RunAsync(parsed, action, cancel));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Func<Invocation, Task<int>> action, CancellationToken cancellationToken)
    {
        try
        {
            await using var invocation = new Invocation(parsed, ClientOptions(parsed), Http(parsed), _signIn.Http(parsed), parsed.GetValue(_json), _output, _error, cancellationToken);
            return await action(invocation);
        }
        catch (CliException failure)
        {
            return await SayAsync(failure.ExitCode, failure.Message);
        }
        catch (ProtoBridgeMqException failure)
        {
            return await SayAsync(CodeOf(failure), failure.Message);
        }
        catch (ArgumentException wrong)
        {
            return await SayAsync(ExitCode.WrongUsage, wrong.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await SayAsync(ExitCode.Failed, failure.Message);
        }
    }

    private static int CodeOf(ProtoBridgeMqException failure) => failure switch
    {
        ClusterUnreachableException or RequestTimeoutException => ExitCode.Unreachable,
        TopicNotFoundException => ExitCode.NotFound,
        InvalidMessageException => ExitCode.WrongUsage,
        RequestRefusedException { Reason: RefusalReason.TopicNotFound or RefusalReason.GroupNotFound } => ExitCode.NotFound,
        RequestRefusedException { Reason: RefusalReason.FilterInvalid } => ExitCode.WrongUsage,
        _ => ExitCode.Failed,
    };

    private async Task<int> SayAsync(int code, string message)
    {
        await _error.WriteLineAsync(Output.Shown.Line(message));
        return code;
    }

    private ClientOptions ClientOptions(ParseResult parsed)
    {
        var client = new ClientOptions
        {
            NameServers = parsed.GetValue(_nameServers) ?? Variable(NameServersVariable) ?? DefaultNameServers,
            RequestTimeout = Times.Duration("--timeout", parsed.GetValue(_timeout) ?? "5s"),
        };
        _signIn.Sign(parsed, client);
        return client;
    }

    private Uri Http(ParseResult parsed)
    {
        string text = parsed.GetValue(_http) ?? Variable(HttpVariable) ?? DefaultHttp;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? new Uri(text.TrimEnd('/') + "/")
            : throw CliException.Usage($"--http is '{text}', which is no address such as {DefaultHttp}.");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
