using System.Net.Sockets;
using ProtoBridgeMQ.Cli.Output;

namespace ProtoBridgeMQ.Cli.Commands.Doctor;

/// <summary>Whether something listens.</summary>
internal static class PortCheck
{
    public static async Task<Finding> RunAsync(string check, string address, Invocation run)
    {
        int colon = address.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(address.AsSpan(colon + 1), out int port) || port is < 1 or > 65535)
        {
            throw CliException.Usage($"--{check} is '{address}', which is not host:port.");
        }

        return await ConnectAsync(address[..colon].Trim('[', ']'), port, run) is { } failure
            ? new Finding(check, CheckState.Fault, $"{address}: {failure}", $"Start what should listen at {address}, open the port in firewalls between, or give the right address.")
            : new Finding(check, CheckState.Ok, $"{address} takes connections");
    }

    /// <returns>Why it failed; null when it connected.</returns>
    public static async Task<string?> ConnectAsync(string host, int port, Invocation run)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled);
        limit.CancelAfter(run.ClientOptions.RequestTimeout);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, limit.Token);
            return null;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "nobody listens there",
                SocketError.HostNotFound => "no such host",
                _ => failure.Message,
            };
        }
        catch (OperationCanceledException) when (!run.Cancelled.IsCancellationRequested)
        {
            return $"no answer within {run.ClientOptions.RequestTimeout.TotalSeconds} s";
        }
    }
}
