using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Whether options are possible: making what they are for says so, and connects to nothing.</summary>
internal static class OptionsCheck
{
    /// <summary>True, or an exception that names the option.</summary>
    public static bool IsPossible(ProtoBridgeMqOptions options)
    {
        try
        {
            options.Client.Check();
            options.Producer.Check();
        }
        catch (ArgumentException error)
        {
            throw new OptionsValidationException(string.Empty, typeof(ProtoBridgeMqOptions), [error.Message]);
        }

        return options.StartRetryPause > TimeSpan.Zero && options.HealthTimeout > TimeSpan.Zero
            ? true
            : throw new OptionsValidationException(string.Empty, typeof(ProtoBridgeMqOptions), ["Options StartRetryPause and HealthTimeout must be longer than zero."]);
    }
}
